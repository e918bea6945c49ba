// Another identity provider as a process of its own: the certified npm `oidc-provider`, or one that lies.
// Started as `node provider.mjs PORT CONFIG`; the parent writes a line to its input to make it change its keys.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { spawn } from "node:child_process";
import { freePort } from "./dipper.mjs";

/** People known there; `acr` says how sure that provider is. */
const PEOPLE = {
  wang: { nickname: "晓月", real_name: "王晓月", acr: "urn:province:2" },
  guest: { nickname: "访客", acr: "urn:province:1" },
};

function jwk(kty, alg) {
  const { privateKey } = kty === "RSA" ? generateKeyPairSync("rsa", { modulusLength: 2048 }) : kty === "EC" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("ed25519");
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg };
}

/** The provider itself, in its own process. */
async function run(port, config) {
  const { Provider, interactionPolicy } = await import("oidc-provider");
  const issuer = `http://127.0.0.1:${port}`;
  const fresh = () => ({ keys: [jwk("RSA", "RS256"), jwk("EC", "ES256"), jwk("OKP", "EdDSA")] });
  const claims = config.claims ?? {};
  const make = (jwks) => {
    const policy = interactionPolicy.base();
    const provider = new Provider(issuer, {
      clients: config.clients,
      jwks,
      interactions: { policy, url: (_, interaction) => `/interaction/${interaction.uid}` },
      claims: { openid: ["sub"], profile: ["nickname", "real_name", "id_number"], acr: null },
      acrValues: ["urn:province:1", "urn:province:2"],
      conformIdTokenClaims: false,
      enabledJWA: { idTokenSigningAlgValues: ["RS256", "ES256", "EdDSA"], clientAuthSigningAlgValues: ["ES256", "EdDSA"] },
      features: { devInteractions: { enabled: false } },
      pkce: { required: () => true },
      findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...PEOPLE[id], ...(claims[id] ?? {}) }) }),
    });
    return provider;
  };
  let provider = make(fresh());
  // A sign-in page of one line: `?login_hint` or the form's name says who, `no` says no.
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, issuer);
    const interaction = /^\/interaction\/([^/]+)(\/(\w+))?$/.exec(url.pathname);
    if (!interaction) return provider.callback()(request, response);
    const details = await provider.interactionDetails(request, response);
    const who = interaction[3];
    if (!who && details.prompt.name === "login") {
      response.setHeader("content-type", "text/html; charset=utf-8");
      const links = [...Object.keys(PEOPLE), "no"].map((name) => `<p><a href="${url.pathname}/${name}">${name}</a></p>`).join("");
      return response.end(`<!doctype html><title>省统一身份认证</title><h1>省统一身份认证</h1>${links}`);
    }
    if (who === "no") return provider.interactionFinished(request, response, { error: "access_denied" });
    if (details.prompt.name === "login") return provider.interactionFinished(request, response, { login: { accountId: who, acr: PEOPLE[who].acr } });
    const grant = new provider.Grant({ accountId: details.session.accountId, clientId: details.params.client_id });
    grant.addOIDCScope("openid profile");
    return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
  });
  process.stdin.on("data", (line) => {
    if (String(line).includes("rotate")) provider = make(fresh());
    console.log("done");
  });
  server.listen(port, "127.0.0.1", () => console.log("ready"));
}

/** Starts a provider; `kill` ends it, `rotate` gives it other keys. */
export async function provider(t, config, port) {
  const at = port ?? (await freePort());
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), String(at), JSON.stringify(config)], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const said = (word) => new Promise((resolve, reject) => {
    const hear = (chunk) => String(chunk).includes(word) && (child.stdout.off("data", hear), resolve());
    child.stdout.on("data", hear);
    child.on("exit", () => reject(new Error("the provider ended")));
  });
  const kill = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  t.after(kill);
  await said("ready");
  const rotate = async () => {
    const done = said("done");
    child.stdin.write("rotate\n");
    await done;
  };
  return { issuer: `http://127.0.0.1:${at}`, port: at, kill, rotate };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run(Number(process.argv[2]), JSON.parse(process.argv[3]));
