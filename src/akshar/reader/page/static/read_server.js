// Reads with the server of `akshar draw`. The page imports this module or read_browser.js: both have `network` and `read`.

import { paintStrokes } from "./ink.js";

const PATIENCE = 15000; // milliseconds to wait for an answer

// What the network knows: {classes, groups}.
export async function network() {
  const [classes, groups] = await Promise.all(["classes", "groups"].map(async (path) => (await fetch(path)).json()));
  return { classes, groups };
}

// Reads a sheet's items, or the class or group `only` among them: {answer}, {words} about a failure, or {again}, the
// milliseconds after which to ask again.
export async function read(items, only) {
  try {
    const body = await fileOf(items);
    const response = await fetch(only ? `predict?only=${encodeURIComponent(only)}` : "predict", {
      method: "POST",
      body,
      headers: { "Content-Type": body.type.startsWith("image/") ? body.type : "application/octet-stream" },
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (response.ok) return { answer: await response.json() };
    const wait = Number(response.headers.get("Retry-After"));
    if (wait) return { again: 1000 * wait };
    const { detail } = await response.json().catch(() => ({ detail: `the server failed (${response.status})` }));
    return { words: `${detail[0].toUpperCase()}${detail.slice(1)}.` };
  } catch {
    return { words: "The server does not answer. Is akshar draw still running?" };
  }
}

// The request's body: the picture's file, or the strokes.
async function fileOf(items) {
  const picture = items.find((item) => item.bitmap);
  if (picture) return picture.file;
  return new Promise((resolve) => paintStrokes(items).canvas.toBlob(resolve, "image/png"));
}
