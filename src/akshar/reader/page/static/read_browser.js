// Reads in the browser, with the graph beside the page in ONNX Runtime; see read_server.js.

import { paintStrokes } from "./ink.js";

const LARGEST = 2048; // pixels a side of a picture; larger ones are scaled down

let ort, session, model; // ONNX Runtime, the graph, and what model.json says of it

export async function network() {
  if (typeof WebAssembly !== "object") fail("This browser has no WebAssembly, which the reader needs.");
  const files = ["model.json", "reader.onnx", "onnxruntime/ort-wasm-simd-threaded.wasm"];
  const [facts, graph, runtime] = await Promise.all(files.map(bytesOf));
  try {
    model = JSON.parse(new TextDecoder().decode(facts));
    ort = await import("../onnxruntime/ort.wasm.bundle.min.js");
    ort.env.wasm.wasmBinary = runtime;
    ort.env.wasm.numThreads = 1; // more need headers that static hosts do not send
    session = await ort.InferenceSession.create(graph, { executionProviders: ["wasm"] });
    await session.run({ drawing: blank() }); // the first run takes longer
  } catch (error) {
    fail(`The reader could not be started in this browser (${reasonOf(error)}).`);
  }
  keep();
  return model;
}

// Keeps the page for use without a network, where the browser lets it.
async function keep() {
  try {
    await navigator.serviceWorker.register("service-worker.js");
  } catch (error) {
    console.warn("This page is not kept for use without a network:", reasonOf(error));
  }
}

function fail(words) {
  throw new Error(words);
}

const reasonOf = (error) => String(error.message ?? error).slice(0, 200);

async function bytesOf(file) {
  const response = await fetch(new URL(`../${file}`, import.meta.url)).catch(() => null);
  const bytes = response?.ok ? await response.arrayBuffer().catch(() => null) : null;
  if (bytes) return new Uint8Array(bytes);
  return fail(`${file} could not be loaded (${response?.ok === false ? `HTTP status ${response.status}` : "no connection"}).`);
}

export async function read(items, only) {
  try {
    const start = performance.now();
    const { probabilities, pixels, box, problem } = await session.run({ drawing: drawingOf(items) });
    const answer = answerOf([...probabilities.data], model.problems[Number(problem.data[0])] || null, only);
    answer.box = [...box.data].map(Number);
    answer.milliseconds = performance.now() - start;
    answer.pixels = shown(pixels);
    return { answer };
  } catch (error) {
    return { words: `The drawing could not be read (${reasonOf(error)}).` };
  }
}

// As `Reader.answer` and `restrict` of akshar.
function answerOf(probabilities, problem, only) {
  const guesses = problem ? [] : guessesOf(probabilities, only);
  const [best] = guesses;
  const unsure = best && best.confidence < model.threshold ? "unsure" : null;
  const read = best && !unsure;
  return {
    letter: read ? best.letter : null,
    name: read ? best.name : null,
    confidence: best?.confidence ?? 0,
    problem: problem ?? unsure,
    guesses,
  };
}

function guessesOf(probabilities, only) {
  const chosen = only ? model.groups.find(({ name }) => name === only).class_names : null;
  const rows = model.classes.map((one, position) => ({ ...one, confidence: probabilities[position] }));
  const kept = rows.filter((row) => !chosen || chosen.includes(row.class_name));
  const others = rows.filter((row) => !kept.includes(row)).reduce((sum, row) => sum + row.confidence, 0);
  for (const row of kept) row.confidence /= 1 - (1 - model.outside) * others;
  return kept.sort((one, other) => other.confidence - one.confidence).slice(0, model.top);
}

// The graph's input: the strokes, or a picture where the network takes one.
function drawingOf(items) {
  const picture = items.find((item) => item.bitmap);
  const context = picture ? paintedPicture(picture.bitmap) : paintStrokes(items);
  const { width, height } = context.canvas;
  return tensorOf(context.getImageData(0, 0, width, height).data, height, width);
}

function paintedPicture(bitmap) {
  const scale = Math.min(1, LARGEST / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.fillStyle = "#fff"; // behind what is transparent
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  return context;
}

function blank() {
  return tensorOf(new Uint8ClampedArray(4 * 64 * 64).fill(255), 64, 64);
}

// A tensor (H, W), or (H, W, 3), of RGBA bytes; grey as Pillow makes it (ITU-R 601-2).
function tensorOf(bytes, height, width) {
  const channels = model.channels;
  const values = new Uint8Array(height * width * channels);
  for (let pixel = 0; pixel < height * width; pixel++) {
    const [red, green, blue] = bytes.subarray(4 * pixel, 4 * pixel + 3);
    if (channels === 3) values.set([red, green, blue], 3 * pixel);
    else values[pixel] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
  }
  return new ort.Tensor("uint8", values, channels === 3 ? [height, width, 3] : [height, width]);
}

// The graph's pixels, (1, H, W) or (1, 3, H, W), as a data: URL.
function shown({ data, dims }) {
  const [height, width] = dims.slice(-2);
  const plane = height * width;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let pixel = 0; pixel < plane; pixel++)
    for (let channel = 0; channel < 4; channel++)
      image.data[4 * pixel + channel] = channel === 3 ? 255 : data[dims.length === 4 ? channel * plane + pixel : pixel];
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}
