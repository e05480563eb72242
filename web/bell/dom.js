/** Small helpers over the DOM. Text always becomes a text node, so nobody's words are ever markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * A new element. `props`: `class`, `on` ({event: listener}), `data`, attributes by name; null and false leave one out.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {any}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    else if (name === "data") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const PATHS = {
  bell: ["M18 9.5a6 6 0 1 0-12 0c0 5.2-2 6.5-2 6.5h16s-2-1.3-2-6.5", "M10.3 19.5a2 2 0 0 0 3.4 0"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  close: ["M6.5 6.5l11 11", "M17.5 6.5l-11 11"],
  calendar: ["M5 6.5h14v13H5z", "M5 10.5h14", "M8.5 4v4", "M15.5 4v4"],
  task: ["M5 5h14v14H5z", "M8.5 12l2.5 2.5 4.5-5"],
  follow_up: ["M20 12a8 8 0 1 1-2.6-5.9", "M20 4v4.5h-4.5", "M12 8v4.3l2.8 1.7"],
  ticket: ["M4 6.5h16v9.5H12l-4.5 3.5V16H4z", "M8 10h8", "M8 13h5"],
  chevron: ["M7 10l5 5 5-5"],
  mail: ["M4 6.5h16v11H4z", "M4.5 7l7.5 6 7.5-6"],
  archive: ["M4 5h16v4H4z", "M5.5 9v10h13V9", "M10 13h4"],
  clock: ["M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16", "M12 8v4.3l2.8 1.7"],
  more: ["M6 12h.01", "M12 12h.01", "M18 12h.01"],
  settings: ["M4 7h9", "M17 7h3", "M15 5v4", "M4 17h3", "M11 17h9", "M9 15v4"],
  offline: ["M4 4l16 16", "M8.5 16a5 5 0 0 1 6.2-.6", "M5 12.3a10 10 0 0 1 4-2.4", "M13.5 9.2A10 10 0 0 1 19 12.3", "M12 19.5h.01"],
};

/** The bell's own drawing of that name. */
export const icon = (name) => drawing(PATHS[name]);

/** A 24 × 24 line drawing of these paths, hidden from screen readers. */
export function drawing(paths) {
  const svg = document.createElementNS(SVG, "svg");
  const attributes = { viewBox: "0 0 24 24", width: "20", height: "20", fill: "none", stroke: "currentColor" };
  const lines = { "stroke-width": "1.8", "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" };
  for (const [key, value] of Object.entries({ ...attributes, ...lines })) svg.setAttribute(key, value);
  for (const d of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/** Makes `wanted` the children of `parent`. What stays is not moved, so that it keeps the focus. */
export function arrange(parent, wanted) {
  const kept = new Set(wanted);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  let at = parent.firstElementChild;
  for (const child of wanted) {
    if (child === at) at = at.nextElementSibling;
    else parent.insertBefore(child, at);
  }
}
