/** The pages' own line drawings, in the bell's manner. */

import { drawing } from "/bell/dom.js";

const PATHS = {
  archive: ["M4 5h16v4H4z", "M5.5 9v10h13V9", "M10 13h4"],
  unarchive: ["M4 5h16v4H4z", "M5.5 9v10h13V9", "M12 17v-5", "M9.7 14l2.3-2.3 2.3 2.3"],
  clock: ["M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16", "M12 7.8V12l2.8 1.8"],
  wake: ["M12 6a7 7 0 1 0 0 14 7 7 0 0 0 0-14", "M12 9.5V13l2.2 1.4", "M4 6.5L6.8 4", "M20 6.5L17.2 4"],
  trash: ["M5 7h14", "M9.5 7V4.5h5V7", "M7 7l.8 12.5h8.4L17 7", "M10.3 10.5v5.5", "M13.7 10.5v5.5"],
  read: ["M3.5 10L12 4.5l8.5 5.5v9h-17z", "M3.8 10.3l8.2 5 8.2-5"],
  unread: ["M4 6.5h16v11H4z", "M4.5 7l7.5 6 7.5-6"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  cross: ["M6.5 6.5l11 11", "M17.5 6.5l-11 11"],
  search: ["M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12", "M15 15l4.8 4.8"],
  up: ["M12 19V5.5", "M6.5 11L12 5.5l5.5 5.5"],
  chevron: ["M7 10l5 5 5-5"],
  lock: ["M6 11h12v8.5H6z", "M8.5 11V8a3.5 3.5 0 0 1 7 0v3"],
  info: ["M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16", "M12 11.3v4.7", "M12 8v.1"],
  inbox: ["M4 13.5l2.6-8h10.8l2.6 8v5.5H4z", "M4 13.5h4.6l1.2 2.4h4.4l1.2-2.4H20"],
  alert: ["M12 4.5l8.5 14.5h-17z", "M12 10v4", "M12 16.4v.1"],
};

/** The drawing of that name. */
export const icon = (name) => drawing(PATHS[name]);
