// Sends drawings to the server, one request at a time; of those that change meanwhile only the newest is sent.

const APART = 40; // least milliseconds from one request to the next
const PATIENCE = 15000; // milliseconds to wait for an answer

export class Asker {
  #next = null;
  #busy = false;
  #turn = 0;

  constructor(onAnswer, onFailure) {
    this.onAnswer = onAnswer; // called with an answer, its items and what they were asked to be
    this.onFailure = onFailure; // called with a message
  }

  // Queues `items`; `file` turns them into the request's body, `only` names what they may show, "" for anything.
  ask(items, file, only) {
    this.#next = { items, file, only };
    if (!this.#busy) this.#work();
  }

  forget() {
    this.#next = null;
    this.#turn++;
  }

  async #work() {
    this.#busy = true;
    while (this.#next) {
      const { items, file, only } = this.#next;
      const turn = this.#turn;
      this.#next = null;
      const rest = pause(APART);
      const { answer, words, again } = await send(file, items, only);
      if (turn === this.#turn) {
        if (again) {
          this.#next ??= { items, file, only };
          await pause(again);
        } else if (answer) this.onAnswer(answer, items, only);
        else this.onFailure(words);
      }
      await rest;
    }
    this.#busy = false;
  }
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function send(file, items, only) {
  try {
    const body = await file(items);
    const response = await fetch(only ? `/predict?only=${encodeURIComponent(only)}` : "/predict", {
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
