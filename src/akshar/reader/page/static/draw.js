// The page: pointer, keys and pictures change the sheet; its contents are read, and answers shown.

import { Asker } from "./ask.js";
import { Sheet, paint } from "./ink.js";
import { Recent, showAnswer, showFailure, showLoading, showNetwork, showNothing } from "./show.js";

const { network, read } = await import(`./read_${document.body.dataset.reader}.js`);

const LARGEST = 8e6; // bytes of a picture, the server's limit

const get = (id) => document.getElementById(id);
const canvas = get("canvas");
const context = canvas.getContext("2d");
const sheet = new Sheet();
const answers = new WeakMap(); // items -> answer
const asker = new Asker(
  read,
  (answer, items, only) => {
    if (answer.problem === "blank" && !items.some((one) => one.bitmap)) answer.problem = "all ink"; // strokes that cover the sheet
    answers.set(items, answer);
    showAnswer(answer, only);
  },
  showFailure,
);
const recent = new Recent(replace);
let pointer = null; // id of the pointer that is drawing
let frame = 0;
let loading = true; // the network
let failure = null; // message why it is not loaded

function repaint() {
  frame = 0;
  paint(context, sheet.items, canvas.width, getComputedStyle(canvas).color);
}

// Called after every change of the sheet.
function changed() {
  frame ||= requestAnimationFrame(repaint);
  get("hint").classList.toggle("gone", !sheet.isEmpty);
  get("undo").disabled = !sheet.canUndo;
  get("clear").disabled = sheet.isEmpty;
  if (sheet.isEmpty) {
    asker.forget();
    show();
  } else ask();
}

// Shows the page's state where there is no answer.
function show() {
  if (failure) showFailure(failure);
  else if (loading) showLoading();
  else showNothing();
}

function ask() {
  if (failure || loading) show();
  else asker.ask(sheet.items, get("only").querySelector(":checked").value);
}

function remember() {
  recent.add(sheet.items, answers.get(sheet.items));
}

// Replaces the sheet's contents, and ends a stroke in progress.
function replace(items) {
  pointer = null;
  remember();
  sheet.show(items);
  changed();
}

function clear() {
  if (!sheet.isEmpty && pointer === null) replace([]);
}

function undo() {
  if (!sheet.canUndo || pointer !== null) return;
  asker.forget();
  sheet.undo();
  changed();
}

// Drawing.

const place = (event) => {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
};

canvas.addEventListener("pointerdown", (event) => {
  if (pointer !== null || event.button !== 0) return; // a palm, or another button
  event.preventDefault();
  pointer = event.pointerId;
  canvas.setPointerCapture(pointer);
  if (sheet.picture) remember();
  sheet.begin(place(event), Number(get("width").value));
  changed();
});
canvas.addEventListener("pointermove", (event) => {
  if (event.pointerId !== pointer) return;
  const events = event.getCoalescedEvents?.() ?? [];
  for (const one of events.length ? events : [event]) sheet.extend(place(one));
  changed();
});
for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) {
  canvas.addEventListener(kind, (event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    changed();
  });
}
canvas.addEventListener("contextmenu", (event) => event.preventDefault());

// Buttons and keys.

get("undo").addEventListener("click", undo);
get("clear").addEventListener("click", clear);
get("only").addEventListener("change", () => {
  asker.forget(); // the answer to the choice before
  if (!sheet.isEmpty) ask();
});
get("open").addEventListener("click", () => get("file").click());
document.addEventListener("keydown", (event) => {
  const command = event.ctrlKey || event.metaKey;
  // On layouts without Latin letters, by the key's position.
  const z = /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() === "z" : event.code === "KeyZ";
  if (command && !event.shiftKey && !event.altKey && z) undo();
  else if (!command && !event.altKey && ["Escape", "Delete", "Backspace"].includes(event.key)) clear();
  else return;
  event.preventDefault();
});

// Pictures: chosen, dropped or pasted.

// Says why something is not taken; an answer that is under way would hide it.
function refuse(words) {
  asker.forget();
  showFailure(words);
}

async function take(files) {
  if (!files.length) return;
  if (document.body.dataset.takes === "drawings")
    return refuse("This page reads drawings alone; akshar draw also reads pictures.");
  const file = [...files].find((one) => one.type.startsWith("image/"));
  if (!file) return refuse("That is not a picture.");
  if (file.size > LARGEST) return refuse(`The picture is larger than ${LARGEST / 1e6} MB; scale it down.`);
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    if (document.body.dataset.reader === "browser") return refuse("This browser cannot show that picture.");
    bitmap = new OffscreenCanvas(1, 1); // the browser cannot show it, but the server may read it or report why not
  }
  replace([{ bitmap, file }]);
}

get("file").addEventListener("change", ({ target }) => {
  take(target.files);
  target.value = "";
});
document.addEventListener("paste", (event) => take(event.clipboardData.files));
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  get("paper").classList.toggle("target", document.body.dataset.takes === "pictures");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) get("paper").classList.remove("target");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  get("paper").classList.remove("target");
  take(event.dataTransfer.files);
});

// Matches the canvas to the screen's pixels.
new ResizeObserver(() => {
  canvas.width = canvas.height = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
  repaint();
}).observe(canvas);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  repaint();
  recent.repaint();
});

show();
try {
  showNetwork(await network());
  loading = false;
} catch (error) {
  failure = error.message;
}
changed();
