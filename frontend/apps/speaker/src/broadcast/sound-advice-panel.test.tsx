import type { ComponentChildren, VNode } from "preact";
import { describe, expect, it, vi } from "vitest";
import golden from "../../../../../tests/contracts/server_messages.json";
import { en } from "../texts/en.js";
import { es } from "../texts/es.js";
import { fr } from "../texts/fr.js";
import { SoundAdvicePanel } from "./sound-advice-panel.js";
import type { ShownIssue } from "./sound-issues.js";

// The interface chooses its language when it is loaded.
vi.hoisted(() => vi.stubGlobal("navigator", { languages: ["en"] }));

interface Element {
  readonly type: string;
  readonly props: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly children: readonly Element[];
  readonly ref: VNode["ref"];
}

function isVNode(child: ComponentChildren): child is VNode<Record<string, unknown>> {
  return typeof child === "object" && child !== null && "props" in child;
}

/** What components without state of their own come to, without a page. */
function elements(children: ComponentChildren): { text: string; elements: Element[] } {
  if (Array.isArray(children)) {
    const parts = (children as ComponentChildren[]).map(elements);
    return { text: parts.map(({ text }) => text).join(""), elements: parts.flatMap((part) => part.elements) };
  }
  if (typeof children === "string" || typeof children === "number") return { text: String(children), elements: [] };
  if (!isVNode(children)) return { text: "", elements: [] };
  const { type, props, ref } = children;
  if (typeof type === "function") return elements((type as (props: object) => ComponentChildren)(props));
  const inner = elements(props.children);
  return { text: inner.text, elements: [{ type, props, ref, text: inner.text, children: inner.elements }] };
}

function all(element: Element): Element[] {
  return [element, ...element.children.flatMap(all)];
}

function show(issues: readonly ShownIssue[], onDismiss: (issue: string) => void = () => undefined): Element[] {
  return elements(<SoundAdvicePanel issues={issues} onDismiss={onDismiss} />).elements.flatMap(all);
}

const CLIPPING: ShownIssue = { issue: "clipping", advice: "Step back.", isBetter: false };
const NEWER: ShownIssue = { issue: "crackling", advice: "Change the cable.", isBetter: false };

describe("the advice", () => {
  it("is in the speaker's language, and in the server's words where there are no others", () => {
    const lines = show([CLIPPING, NEWER]).filter(({ type }) => type === "li");
    const { problem, help } = en.sound.issues.clipping;
    expect(lines.map(({ text }) => text)).toEqual([`${problem} ${help}`, "Change the cable."]);
    expect(lines.map(({ props }) => props["data-issue"])).toEqual(["clipping", "crackling"]);
  });

  it("is followed by the good news, which nobody need dismiss", () => {
    const shown = show([
      { ...CLIPPING, isBetter: true },
      { ...NEWER, isBetter: true },
    ]);
    const texts = shown.filter(({ type }) => type === "li").map(({ text }) => text);
    expect(texts).toEqual([en.sound.issues.clipping.better, en.sound.better]);
    expect(shown.some(({ type }) => type === "button")).toBe(false);
  });

  it("is read out politely, line by line, by a list that is there before it", () => {
    for (const issues of [[], [CLIPPING]]) {
      const lists = show(issues).filter(({ props }) => "aria-live" in props);
      expect(lists.map(({ type, props }) => [type, props["aria-live"], props["aria-atomic"]])).toEqual([
        ["ul", "polite", undefined],
      ]);
    }
  });

  it("has its room kept while there is none, with a word that is not read out as news", () => {
    const hint = (issues: readonly ShownIssue[]) => show(issues).find(({ props }) => props["class"] === "hint");
    expect(hint([])?.text).toBe(en.sound.noAdvice);
    expect(show([]).find(({ type }) => type === "ul")?.text).toBe("");
    expect(hint([CLIPPING])).toBeUndefined();
  });

  it("can be dismissed by a button that says what it dismisses", () => {
    const dismissed: string[] = [];
    const shown = show([CLIPPING, NEWER], (issue) => dismissed.push(issue));
    const buttons = shown.filter(({ type }) => type === "button");
    expect(buttons.map(({ props }) => props["aria-label"])).toEqual([en.sound.dismiss, en.sound.dismiss]);
    const described = buttons.map(({ props }) => shown.find((each) => each.props["id"] === props["aria-describedby"]));
    expect(described.map((each) => each?.text.split(" ")[0])).toEqual(["You", "Change"]);
    (buttons[1]?.props["onClick"] as () => void)();
    expect(dismissed).toEqual(["crackling"]);
  });

  it.each([
    ["keeps the keyboard where its button was, whatever takes that away", true],
    ["leaves the keyboard alone where it is elsewhere", false],
  ])("%s", (_, hadFocus) => {
    let isFocused = false;
    const focused = { closest: () => ({ focus: () => (isFocused = true) }) };
    vi.stubGlobal("document", { activeElement: hadFocus ? focused : null });
    const button = show([CLIPPING]).find(({ type }) => type === "button");
    const attach = button?.ref as unknown as (element: object) => () => void;
    attach(focused)();
    expect(isFocused).toBe(hadFocus);
  });
});

describe("every issue that the server knows", () => {
  const warnings = Object.values(golden).filter((message) => "issue" in message);
  const names = new Set(warnings.map(({ issue }) => issue));

  it.each([
    ["English", en],
    ["Spanish", es],
    ["French", fr],
  ])("has words in %s", (_, { sound }) => {
    expect(new Set(Object.keys(sound.issues))).toEqual(names);
    const words = Object.values(sound.issues).flatMap(({ problem, help, better }) => [problem, help, better]);
    expect(words.every((each) => /^[\p{Lu}¿].+[.?]$/u.test(each))).toBe(true);
  });
});
