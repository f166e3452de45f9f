import { Hono } from "hono";
import { z } from "zod";
import { deleteUser } from "../admin/delete-user.ts";
import { generateLink, generateLinkBody } from "../admin/generate-link.ts";
import { inviteBody, inviteUser } from "../admin/invite.ts";
import { listUsers, pageHeaders, pageOf } from "../admin/list-users.ts";
import { adminUserBody, createUserAsAdmin, updateUserAsAdmin } from "../admin/save-user.ts";
import { ADMIN_ACTOR, audit } from "../audit.ts";
import { requireAdmin } from "../authenticate.ts";
import type { AuthContext } from "../context.ts";
import type { Account } from "../database.ts";
import { notFound, validationFailed } from "../errors.ts";
import { deleteFactor } from "../mfa/factors.ts";
import { presentFactor, presentUser } from "../present.ts";
import { redirectTarget } from "../redirects.ts";
import { type AuthBindings, readBody, wantedRedirect } from "../request.ts";
import { findUserById, loadAccount } from "../users.ts";

const deleteBody = z.object({ should_soft_delete: z.boolean().default(false) });

async function accountOf(context: AuthContext, id: string): Promise<Account> {
  if (!z.guid().safeParse(id).success) throw validationFailed("user_id must be an UUID");
  const user = await findUserById(context.sql, id);
  if (!user) throw notFound("user_not_found", "User not found");
  return loadAccount(context.sql, user);
}

function addUsers(admin: Hono<{ Bindings: AuthBindings }>, context: AuthContext): void {
  admin.get("/users", async (c) => {
    const page = pageOf(c.req.query());
    const { accounts, total } = await listUsers(context, page, c.req.query("filter") ?? "");
    const headers = pageHeaders(c.req.url, page, total);
    return c.json({ users: accounts.map(presentUser), aud: "authenticated" }, 200, headers);
  });
  admin.post("/users", async (c) => {
    const input = await readBody(c, adminUserBody);
    return c.json(presentUser(await createUserAsAdmin(context, input)));
  });
  admin.get("/users/:id", async (c) =>
    c.json(presentUser(await accountOf(context, c.req.param("id")))),
  );
  admin.put("/users/:id", async (c) => {
    const account = await accountOf(context, c.req.param("id"));
    const input = await readBody(c, adminUserBody);
    return c.json(presentUser(await updateUserAsAdmin(context, account, input)));
  });
  admin.delete("/users/:id", async (c) => {
    const account = await accountOf(context, c.req.param("id"));
    const { should_soft_delete: soft } = await readBody(c, deleteBody);
    await deleteUser(context, account, soft);
    return c.json({});
  });
  admin.get("/users/:id/factors", async (c) => {
    const { factors } = await accountOf(context, c.req.param("id"));
    return c.json(factors.map(presentFactor));
  });
  admin.delete("/users/:id/factors/:factorId", async (c) => {
    const { user, factors } = await accountOf(context, c.req.param("id"));
    const factor = factors.find(({ id }) => id === c.req.param("factorId"));
    if (!factor) throw notFound("mfa_factor_not_found", "Factor not found");
    await context.sql.begin(async (tx) => {
      await deleteFactor(tx, factor);
      await audit(tx, ADMIN_ACTOR, "factor_deleted", { user_id: user.id, factor_id: factor.id });
    });
    return c.json(presentFactor(factor));
  });
}

/** `/invite` and `/admin/*`: what only the secret key may do. */
export function addAdmin(app: Hono<{ Bindings: AuthBindings }>, context: AuthContext): void {
  const admin = new Hono<{ Bindings: AuthBindings }>();
  addUsers(admin, context);
  admin.post("/generate_link", async (c) => {
    const input = await readBody(c, generateLinkBody);
    const wanted = input.redirect_to ?? wantedRedirect(c);
    return c.json(await generateLink(context, input, redirectTarget(context.config, wanted)));
  });
  for (const path of ["/admin/*", "/invite"]) {
    app.use(path, async (c, next) => {
      await requireAdmin(context, c, c.env.keyRole);
      await next();
    });
  }
  app.route("/admin", admin);
  app.post("/invite", async (c) => {
    const input = await readBody(c, inviteBody);
    const redirectTo = redirectTarget(context.config, wantedRedirect(c));
    return c.json(presentUser(await inviteUser(context, input, redirectTo)));
  });
}
