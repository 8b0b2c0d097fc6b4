// What the page says by itself: how far it is, and what came of it.

import { byId } from "./dom.js";

const NOTE_TIME = 8_000;
// What is quick needs no sign of life.
const PROGRESS_DELAY = 120;

let waiting;
export function showProgress(text, share = 0) {
    clearTimeout(waiting);
    if (text === undefined) return void (byId("progress").hidden = true);
    byId("progress-bar").value = share;
    byId("progress-text").textContent = text;
    waiting = setTimeout(() => (byId("progress").hidden = false), PROGRESS_DELAY);
}

let fading;
export function note(text, isQuiet = false) {
    const place = byId("note");
    place.textContent = text;
    place.classList.toggle("quiet", isQuiet);
    clearTimeout(fading);
    fading = setTimeout(() => (place.textContent = ""), NOTE_TIME);
}
