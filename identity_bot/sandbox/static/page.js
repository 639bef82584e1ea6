// Keeps the sandbox's page up to date without losing the focus or what was typed: every answer of the server is
// a whole page, and only what differs is changed in the one that is open. Without this script the forms still work.
"use strict";

const byId = (id) => document.getElementById(id);
const isField = (node) => node.nodeName === "INPUT" || node.nodeName === "TEXTAREA" || node.nodeName === "SELECT";

// What the server last said that a field holds.
function given(field) {
  if (field.nodeName !== "SELECT") return [field.defaultValue, field.defaultChecked].join("\n");
  return [...field.options].filter((option) => option.defaultSelected).map((option) => option.value).join("\n");
}

function copyAttributes(old, fresh) {
  const keepsOpen = old.nodeName === "DETAILS" || old.nodeName === "DIALOG";
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !(keepsOpen && name === "open")) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (keepsOpen && name === "open") continue;
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

// Make `old` what `fresh` is. A field keeps what a person entered unless the server now says something else.
function morph(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  const field = isField(old) && old.type !== "file";
  const news = field && given(old) !== given(fresh) && old !== document.activeElement;
  const { value, checked } = old;
  copyAttributes(old, fresh);
  morphChildren(old, fresh);
  if (!field) return;
  const keep = news ? fresh : { value, checked };
  if (old.type === "checkbox" || old.type === "radio") old.checked = keep.checked;
  else if (old.type !== "hidden" && old.value !== keep.value) old.value = keep.value;
}

function morphChildren(old, fresh) {
  let at = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    let match = null;
    if (child.id) {
      for (match = at; match && match.id !== child.id; ) match = match.nextSibling;
      while (match && at !== match) at = dropped(at);
    } else {
      while (at && at.nodeType === Node.TEXT_NODE && child.nodeType === Node.ELEMENT_NODE) at = dropped(at);
      if (at && !at.id && at.nodeName === child.nodeName) match = at;
    }
    if (match && match.nodeName === child.nodeName) {
      at = match.nextSibling;
      morph(match, child);
    } else {
      old.insertBefore(document.adoptNode(child), at);
    }
  }
  while (at) at = dropped(at);
}

function dropped(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

// Show a page that the server has drawn.
function show(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const modal = byId("modal");
  const before = modal.dataset.view;
  const now = fresh.getElementById("modal").dataset.view;
  const atEnd = [...document.querySelectorAll("[data-end]")]
    .filter((list) => list.scrollHeight - list.scrollTop - list.clientHeight < 60)
    .map((list) => list.id);
  if (!now && modal.open) modal.close();
  document.title = fresh.title;
  copyAttributes(document.body, fresh.body);
  morphChildren(document.body, fresh.body);
  arrange(before, atEnd);
}

// After each change: the modal on top, new messages in view, and the focus where it makes sense.
function arrange(before, atEnd) {
  const modal = byId("modal");
  const now = modal.dataset.view;
  if (now && !modal.open) modal.showModal();
  for (const list of document.querySelectorAll("[data-end]")) {
    if (atEnd.includes(list.id) || !list.dataset.seen) list.scrollTop = list.scrollHeight;
    list.dataset.seen = "yes";
  }
  if (!now) return;
  const lost = !modal.contains(document.activeElement) || document.activeElement === modal;
  if (now !== before || lost) {
    const first = modal.querySelector(".window-body :is(input:not([type=hidden]), select, textarea, button)");
    (first || byId("modal-title")).focus();
  }
}

let looking = false;
let again = false;

async function look() {
  again = looking;
  if (looking) return;
  looking = true;
  try {
    const answer = await fetch(location.href);
    if (answer.ok && !sending) show(await answer.text());
    byId("busy").textContent = "";
  } catch {
    byId("busy").textContent = "The sandbox does not answer.";
  }
  looking = false;
  if (again) setTimeout(look, 30);
}

async function go(address) {
  const answer = await fetch(address);
  if (answer.url !== location.href) history.pushState(null, "", answer.url);
  show(await answer.text());
  const hash = new URL(address, location.href).hash;
  if (hash) byId(hash.slice(1))?.scrollIntoView();
}

let sending = 0;

async function send(form, button, extra) {
  if (form.getAttribute("aria-busy") === "true") {
    if (extra) setTimeout(() => form.isConnected && send(form, button, extra), 150);
    return;
  }
  const contents = new FormData(form, button);
  for (const [name, value] of Object.entries(extra || {})) contents.set(name, value);
  const typed = [...form.elements].filter((field) => field.name && form.dataset.reset !== undefined);
  const values = typed.map((field) => field.value);
  if (typed.length) form.reset();
  form.setAttribute("aria-busy", "true");
  byId("busy").textContent = "Working…";
  sending += 1;
  try {
    const answer = await fetch(form.action, { method: "POST", body: contents });
    const html = await answer.text();
    form.removeAttribute("aria-busy");
    if (answer.ok) {
      for (const field of form.querySelectorAll("input[type=file]")) field.value = "";
      if (form.dataset.close !== undefined) close(form.closest("details"));
    } else {
      typed.forEach((field, index) => (field.value = values[index]));
    }
    if (answer.redirected && answer.url !== location.href) history.pushState(null, "", answer.url);
    show(html);
    document.querySelector("#modal [aria-invalid=true]")?.focus();
    byId("busy").textContent = "";
  } catch {
    form.removeAttribute("aria-busy");
    typed.forEach((field, index) => (field.value = values[index]));
    byId("busy").textContent = "The sandbox does not answer.";
  }
  sending -= 1;
  if (again || !sending) look();
}

function close(menu) {
  if (!menu || !menu.open) return;
  const held = menu.contains(document.activeElement);
  menu.open = false;
  if (held) menu.querySelector("summary").focus();
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const words = event.submitter?.dataset.confirm;
  if (words && !window.confirm(words)) return;
  send(event.target, event.submitter);
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  for (const menu of document.querySelectorAll("details.menu[open]:not(.wide)")) {
    if (!menu.contains(event.target) || link) close(menu);
  }
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  if (link.dataset.press) send(link.form || link.closest("form"), null, { act: link.dataset.press });
  const address = new URL(link.href);
  const isFile = address.pathname.startsWith("/page/");
  if (address.origin !== location.origin || link.target || isFile || link.className === "skip") return;
  event.preventDefault();
  go(link.href);
});

document.addEventListener("change", (event) => {
  const field = event.target;
  if (field.dataset.act) send(field.form, null, { act: field.dataset.act });
  else if (field.dataset.store !== undefined) send(field.form, null, { do: "keep" });
});

let searching = 0;

document.addEventListener("input", (event) => {
  const field = event.target;
  const question = field.closest(".question.bad");
  if (question) {
    question.classList.remove("bad");
    question.querySelector(".error")?.remove();
    for (const one of question.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
  }
  if (!field.dataset.search) return;
  clearTimeout(searching);
  searching = setTimeout(() => send(field.form, null, { search: field.dataset.search }), 250);
});

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (event.key === "Enter" && field.dataset.search) {
    event.preventDefault();
    send(field.form, null, { search: field.dataset.search });
  } else if (event.key === "Enter" && field.dataset.enter !== undefined && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    field.form.requestSubmit();
  } else if (event.key === "Escape") {
    close(field.closest("details.menu"));
  }
});

byId("modal").addEventListener("cancel", (event) => {
  event.preventDefault();
  const form = byId("modal").querySelector("form");
  send(form, null, { do: "close" });
});

addEventListener("popstate", () => go(location.href));

// A dialog that came open with the page becomes a modal one.
byId("modal").removeAttribute("open");
arrange("", []);
const events = new EventSource("/page/events");
events.onopen = look;
events.onmessage = look;
