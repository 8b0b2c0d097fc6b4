// Ways for files onto the page: dropped, or chosen.

import { byId } from "./dom.js";

export function takeFiles(take) {
    const input = byId("input");
    for (const id of ["choose", "add"]) byId(id).addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
        const chosen = [...input.files];
        input.value = "";
        if (chosen.length > 0) take(chosen);
    });

    let inside = 0;
    addEventListener("dragenter", (event) => (event.preventDefault(), (inside += 1), (byId("over").hidden = false)));
    addEventListener("dragover", (event) => event.preventDefault());
    addEventListener("dragleave", () => ((inside -= 1), inside <= 0 && (byId("over").hidden = true)));
    addEventListener("drop", (event) => {
        event.preventDefault();
        inside = 0;
        byId("over").hidden = true;
        const dropped = [...event.dataTransfer.files];
        if (dropped.length > 0) take(dropped);
    });
}
