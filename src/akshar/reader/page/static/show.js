// Shows answers, recent drawings and the classes, and announces answers to screen readers.

import { paint } from "./ink.js";

const PROBLEMS = {
  blank: "Nothing is written in this picture.",
  "all ink": "Too much ink to recognise a character.",
  "one stroke": "Only one stroke so far; keep writing.",
  several: "More than one character; write one at a time.",
  unsure: "Not sure; perhaps one of these.",
};
const ELSE = "Not sure; perhaps it is something else."; // where a part of the classes was asked for
const LOADING = "The reader is being loaded. You can already write.";
const START = "The answer appears here while you write.";
const QUIET = 400; // milliseconds without a new answer before it is announced
const KEPT = 12; // number of recent drawings
const THUMB = 96; // pixels a side

const get = (id) => document.getElementById(id);

// Per cent, with a decimal only where it is informative: near 0 and near 100.
function share(confidence) {
  const near = Math.min(confidence, 1 - confidence);
  return `${(100 * confidence).toFixed(near >= 0.0005 && near < 0.0995 && (confidence < 0.5 || near < 0.01) ? 1 : 0)} %`;
}

function make(tag, attributes = {}, ...children) {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
}

const letterOf = (guess, tag = "span") => make(tag, { lang: "hi", textContent: guess.letter });
const nameOf = (guess) => (guess.name === guess.letter ? "" : guess.name);

let timer = 0;
function announce(words) {
  clearTimeout(timer);
  timer = setTimeout(() => (get("live").textContent = words), QUIET);
}

function fill(state, { letter = "", name = "", percent = "", words = "" }) {
  get("answer").dataset.state = state;
  get("letter").textContent = letter;
  get("letter").classList.toggle("long", [...letter].length > 4);
  get("name").textContent = name;
  get("percent").textContent = percent;
  get("words").textContent = words;
}

const ROWS = Array.from({ length: 5 }, () => {
  const [letter, name, bar, percent] = [
    make("span", { lang: "hi" }),
    make("span", { className: "of" }),
    make("i"),
    make("span", { className: "share" }),
  ];
  const row = make("li", {}, letter, name, make("span", { className: "bar" }, bar), percent);
  return { row, letter, name, bar, percent };
});
get("guesses").append(...ROWS.map(({ row }) => row));

function fillRows(guesses) {
  ROWS.forEach(({ row, letter, name, bar, percent }, index) => {
    const guess = guesses[index];
    row.setAttribute("aria-hidden", String(!guess));
    letter.textContent = guess?.letter ?? "";
    name.textContent = guess ? nameOf(guess) : "";
    bar.style.transform = `scaleX(${guess?.confidence ?? 0})`;
    percent.textContent = guess ? share(guess.confidence) : "";
  });
}

export function showLoading() {
  get("words").classList.remove("late"); // what is there for a page whose scripts do not run
  fill("empty", { words: LOADING });
  announce(LOADING);
}

export function showNothing() {
  fill("empty", { words: START });
  fillRows([]);
  announce("");
}

export function showFailure(words) {
  fill("failed", { words });
  fillRows([]);
  announce(words);
}

export function showAnswer(answer, only) {
  const [best] = answer.guesses;
  const words = only && answer.problem === "unsure" ? ELSE : (PROBLEMS[answer.problem] ?? "");
  const state = answer.problem === null ? "read" : best ? "unsure" : "none";
  const percent = best && state === "read" ? share(best.confidence) : "";
  fill(state, { letter: best?.letter, name: best && state === "read" ? nameOf(best) : "", percent, words });
  fillRows(answer.guesses);
  get("seen").src = answer.pixels;
  get("seen").hidden = false;
  get("speed").textContent = `read in ${answer.milliseconds.toFixed(0)} ms`;
  const named = best ? `${best.letter} ${nameOf(best)}, ${share(best.confidence)}` : "";
  announce([words, named].filter(Boolean).join(" "));
}

get("seen").addEventListener("load", ({ target }) => {
  target.alt = `The network's input: ${target.naturalWidth} by ${target.naturalHeight} pixels`;
});

export class Recent {
  #kept = [];

  constructor(onChoose) {
    this.onChoose = onChoose; // called with the items of the drawing to show again
  }

  add(items, answer) {
    if (!items.length || this.#kept.some((one) => one.items === items)) return;
    const best = answer?.problem === null ? answer.guesses[0] : null;
    const canvas = make("canvas", { width: THUMB, height: THUMB });
    const button = make("button", { type: "button" }, canvas, best ? letterOf(best) : make("span", { textContent: "–" }));
    const words = best ? `${best.letter} ${nameOf(best)}, ${share(best.confidence)}` : "not read";
    button.setAttribute("aria-label", `${words}: show again`);
    button.title = words;
    button.addEventListener("click", () => this.onChoose(items));
    const one = { items, canvas, entry: make("li", {}, button) };
    this.#kept.unshift(one);
    for (const old of this.#kept.splice(KEPT)) old.entry.remove();
    get("recent").prepend(one.entry);
    this.#paint(one);
  }

  repaint() {
    this.#kept.forEach((one) => this.#paint(one));
  }

  #paint({ items, canvas }) {
    paint(canvas.getContext("2d"), items, THUMB, getComputedStyle(document.body).color);
  }
}

// Shows what the network knows: its classes, and a choice of its groups where they are a part of them.
export function showNetwork({ classes, groups }) {
  get("known").append(...classes.map((one) => make("li", {}, letterOf(one), nameOf(one))));
  const parts = groups.filter((one) => one.class_names.length < classes.length);
  get("only").append(
    ...parts.map(({ name }) =>
      make("label", {}, make("input", { type: "radio", name: "only", value: name }), make("span", { textContent: name })),
    ),
  );
  get("only").hidden = !parts.length;
}
