// Uploading photos.
import { api, ask } from "./client.ts";
import type { Evidence } from "./types.ts";

/** Uploads a photo and gives back what the server keeps of it; `headers` say for whom. */
export async function uploadEvidence(photo: Blob, client = api, headers: Record<string, string> = {}): Promise<Evidence> {
  const form = new FormData();
  form.append("file", photo, photo.type === "image/png" ? "photo.png" : photo.type === "image/webp" ? "photo.webp" : "photo.jpg");
  return ask(
    client.POST("/api/v1/evidence", {
      headers,
      // The generated type of a binary part is a string; the form is built by hand and passed as it is.
      body: form as unknown as { file: string },
      bodySerializer: (body) => body as unknown as FormData,
    }),
  );
}
