// Asks for drawings to be read, one at a time; of those that change meanwhile only the newest is read.

const APART = 40; // least milliseconds from one reading to the next

export class Asker {
  #next = null;
  #busy = false;
  #turn = 0;

  constructor(read, onAnswer, onFailure) {
    this.read = read; // of the module that reads; see read_server.js
    this.onAnswer = onAnswer; // called with an answer, its items and what they were asked to be
    this.onFailure = onFailure; // called with a message
  }

  // Queues `items`; `only` names what they may show, "" for anything.
  ask(items, only) {
    this.#next = { items, only };
    if (!this.#busy) this.#work();
  }

  forget() {
    this.#next = null;
    this.#turn++;
  }

  async #work() {
    this.#busy = true;
    while (this.#next) {
      const { items, only } = this.#next;
      const turn = this.#turn;
      this.#next = null;
      const rest = pause(APART);
      const { answer, words, again } = await this.read(items, only);
      if (turn === this.#turn) {
        if (again) {
          this.#next ??= { items, only };
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
