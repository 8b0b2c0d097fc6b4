// Tabs: arrow keys move between them, the chosen one alone is a stop of the Tab key.

export class Tabs {
    #tabs;
    #shown;

    constructor(list, shown) {
        this.#tabs = [...list.querySelectorAll("[role=tab]")];
        this.#shown = shown;
        this.selected = this.#nameOf(this.#tabs[0]);
        for (const tab of this.#tabs) tab.addEventListener("click", () => this.#shown(this.#nameOf(tab)));
        list.addEventListener("keydown", (event) => {
            const tabs = this.#tabs.filter((tab) => !tab.hidden);
            const at = tabs.indexOf(event.target);
            const last = tabs.length - 1;
            const next = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[event.key];
            if (at < 0 || next === undefined) return;
            event.preventDefault();
            tabs[next].focus();
            this.#shown(this.#nameOf(tabs[next]));
        });
    }

    /** Shows a tab that may be hidden, or hides it. */
    offer(name, isOffered) {
        this.#tabs.find((tab) => this.#nameOf(tab) === name).hidden = !isOffered;
    }

    /** Marks the tab and shows its panel; says nothing. */
    mark(name) {
        this.selected = name;
        for (const tab of this.#tabs) {
            const isSelected = this.#nameOf(tab) === name;
            tab.setAttribute("aria-selected", String(isSelected));
            tab.tabIndex = isSelected ? 0 : -1;
            document.getElementById(tab.getAttribute("aria-controls")).hidden = !isSelected;
        }
    }

    #nameOf(tab) {
        return tab.getAttribute("aria-controls");
    }
}
