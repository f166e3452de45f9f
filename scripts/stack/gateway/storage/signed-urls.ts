import { createHash } from "node:crypto";
import { errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { invalidJwt, invalidSignature } from "./errors.ts";

const grant = z.object({
  url: z.string(),
  use: z.enum(["download", "upload"]),
  owner: z.string().nullish(),
  upsert: z.boolean().default(false),
});

type UrlGrant = z.output<typeof grant>;

export interface SignedUrls {
  sign(grant: UrlGrant, expiresInSeconds: number): Promise<string>;
  /** The grant of a token for this object and use; throws for any other. */
  open(token: string | undefined, url: string, use: UrlGrant["use"]): Promise<UrlGrant>;
}

/** Signed upload URLs live this long on the platform; nobody can change it. */
export const UPLOAD_URL_SECONDS = 7_200;

/**
 * Tokens of signed URLs. They are signed with a key of their own, so that no such token is ever a
 * user token, and it is derived from the stack's signing key, so that links outlive a restart.
 */
export function createSignedUrls(privatePart: string): SignedUrls {
  const key = createHash("sha256").update(`storage url signing:${privatePart}`).digest();
  return {
    async sign(content, expiresIn) {
      const issuedAt = Math.floor(Date.now() / 1000);
      return new SignJWT(content)
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + expiresIn)
        .sign(key);
    },
    async open(token, url, use) {
      if (!token) throw invalidJwt("querystring must have required property 'token'");
      try {
        const { payload } = await jwtVerify(token, key, { algorithms: ["HS256"] });
        const content = grant.parse(payload);
        if (content.url !== url || content.use !== use) throw invalidSignature();
        return content;
      } catch (error) {
        if (error instanceof errors.JWTExpired)
          throw invalidJwt('"exp" claim timestamp check failed');
        if (error instanceof errors.JOSEError) throw invalidJwt(error.message);
        throw error;
      }
    },
  };
}
