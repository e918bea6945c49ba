// The interface as OpenAPI describes it, with requests that can be tried on this very city.
import "swagger-ui-dist/swagger-ui.css";
import "./developers.css";
import SwaggerUIBundle from "swagger-ui-dist/swagger-ui-es-bundle.js";

/** What Swagger UI hands to {@link prove} before it sends a request. */
interface Request {
  method?: string;
  headers: Record<string, string>;
}

/** Who is signed in to a face of this city can try changes too: they carry the token of the session. */
async function prove(request: Request): Promise<Request> {
  if (!request.method || ["GET", "HEAD"].includes(request.method.toUpperCase())) return request;
  const session = (await (await fetch("/api/v1/session")).json()) as { csrf_token: string };
  if (session.csrf_token) request.headers["x-csrf-token"] = session.csrf_token;
  return request;
}

SwaggerUIBundle({
  url: "/openapi.json",
  domNode: document.getElementById("api"),
  // Nothing leaves this city: the badge of an outside validator is off.
  validatorUrl: null,
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: -1,
  filter: true,
  tagsSorter: "alpha",
  requestInterceptor: prove,
});
