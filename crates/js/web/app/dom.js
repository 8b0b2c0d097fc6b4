// Elements, and the worker's calls.

export const byId = (id) => document.getElementById(id);

/** An element with properties, attributes (names with a hyphen, or `role`), listeners (`on…`) and children. */
export function h(name, properties = {}, ...children) {
    return fill(document.createElement(name), properties, children);
}

/** The same for a drawing. */
export function svg(name, properties = {}, ...children) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(properties)) element.setAttribute(key, value);
    element.append(...children.flat());
    return element;
}

function fill(element, properties, children) {
    for (const [key, value] of Object.entries(properties)) {
        if (value === undefined || value === null) continue;
        if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
        else if (key.startsWith("--")) element.style.setProperty(key, value);
        else if (key.includes("-") || key === "role" || !(key in element)) element.setAttribute(key, value);
        else element[key] = value;
    }
    element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
    return element;
}

/** The worker: `call(name, ...args)` gives a promise; `on` takes what it says and asks by itself. */
export class Work {
    #worker;
    #calls = new Map();
    #next = 0;

    constructor(worker, { progress, ask }) {
        this.#worker = worker;
        worker.addEventListener("message", async ({ data }) => {
            if (data.progress !== undefined) return progress(data);
            if (data.ask !== undefined) return worker.postMessage({ answer: data.ask, value: await ask(data.question) });
            const { resolve, reject } = this.#calls.get(data.id);
            this.#calls.delete(data.id);
            if (data.error === undefined) resolve(data.value);
            else reject(new Error(data.error));
        });
        worker.addEventListener("error", ({ message }) => {
            for (const { reject } of this.#calls.values()) reject(new Error(message));
            this.#calls.clear();
        });
    }

    call(name, ...args) {
        const id = (this.#next += 1);
        const promise = new Promise((resolve, reject) => this.#calls.set(id, { resolve, reject }));
        this.#worker.postMessage({ id, name, args });
        return promise;
    }
}
