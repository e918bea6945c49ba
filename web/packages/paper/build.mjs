// Puts the font with which the server prints licences where the binary takes it in, with its licence (OFL).
import { copyFile, mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const font = path.dirname(fileURLToPath(import.meta.resolve("@expo-google-fonts/noto-sans-sc/package.json")));
const dist = path.join(path.dirname(fileURLToPath(import.meta.url)), "dist");

await mkdir(dist, { recursive: true });
await copyFile(path.join(font, "400Regular/NotoSansSC_400Regular.ttf"), path.join(dist, "NotoSansSC-Regular.ttf"));
await copyFile(path.join(font, "LICENSE_FONT"), path.join(dist, "OFL.txt"));
