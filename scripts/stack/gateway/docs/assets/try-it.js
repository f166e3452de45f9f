// Runs in the browser, beside Swagger UI: shows the contract, and signs in as a demo account so that "Try it out" has a
// token. Tokens stay in this page's memory.

/** @param {string} selector */
const find = (selector) => {
  const element = document.querySelector(selector);
  if (!element) throw new Error(`no ${selector} in the page`);
  return element;
};

const ui = globalThis.SwaggerUIBundle({
  url: "../openapi.json",
  dom_id: "#ui",
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
});

const stack = await (await fetch("../stack.json")).json();

const account = find("#account");
for (const { email, roles } of stack.accounts) {
  const option = document.createElement("option");
  option.value = email;
  option.textContent = `${email} (${roles.join(", ") || "user"})`;
  account.append(option);
}

/** The access token of a demo account, from Auth's password grant. */
async function signIn(email) {
  const answer = await fetch("/auth/v1/token?grant_type=password", {
    method: "POST",
    headers: { apikey: stack.publishable_key, "content-type": "application/json" },
    body: JSON.stringify({ email, password: stack.password }),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.msg ?? `Auth answered ${answer.status}`);
  return body.access_token;
}

find("#try-it").addEventListener("submit", async (event) => {
  event.preventDefault();
  const output = find("#signed-in");
  output.textContent = "…";
  try {
    ui.preauthorizeApiKey("userToken", await signIn(account.value));
    output.textContent = `Signed in as ${account.value} for one hour.`;
  } catch (error) {
    output.textContent = `Not signed in: ${error.message}`;
  }
});
