import { describe, expect, it } from "vitest";
import { projectorAddress, readRoute, sessionAddress } from "./route";

const ID = "joyful-hope-911";

describe("readRoute", () => {
  it.each([
    `https://x.example/?session=${ID}`,
    `https://x.example/listen?session=${ID}`,
    "https://x.example/?session=Joyful%20Hope%20911",
    `https://x.example/#${ID}`,
    `https://x.example/#/${ID}`,
    "https://x.example/#joyful%20hope%20911",
    `https://x.example/#session=${ID}`,
    `https://x.example/#/?session=${ID}`,
  ])("finds the session in %s", (address) =>
    expect(readRoute(address)).toEqual({ page: "join", sessionId: ID, joinKey: undefined }),
  );

  it.each([
    `https://x.example/?session=${ID}#key=sesame%20%26`,
    `https://x.example/?session=${ID}&key=sesame%20%26`,
    `https://x.example/#session=${ID}&key=sesame%20%26`,
  ])("finds the key in %s", (address) =>
    expect(readRoute(address)).toEqual({ page: "join", sessionId: ID, joinKey: "sesame &" }),
  );

  it.each(["https://x.example/", "https://x.example/?session=", "https://x.example/#what", "https://x.example/#%"])(
    "finds nothing in %s",
    (address) => expect(readRoute(address)).toEqual({ page: "join", sessionId: undefined, joinKey: undefined }),
  );
});

describe("the projector view", () => {
  it("has one or two languages", () => {
    const route = (languages: string) =>
      readRoute(`https://x.example/#/projector?session=${ID}&languages=${languages}`);
    expect(route("es")).toMatchObject({ page: "projector", sessionId: ID, languages: ["es"] });
    expect(route("es,zh-TW,fr")).toMatchObject({ languages: ["es", "zh-TW"] });
    expect(route("es,%20es,")).toMatchObject({ languages: ["es"] });
    expect(route("")).toMatchObject({ languages: [] });
  });

  it("reads the address that it is given", () => {
    const options = { sessionId: ID, joinKey: "a&b=c", languages: ["es", "fr"] };
    const address = projectorAddress(`https://x.example/listen?session=${ID}`, options);
    expect(address.startsWith("https://x.example/listen#/projector?")).toBe(true);
    expect(readRoute(address)).toEqual({ page: "projector", ...options });
  });
});

it("a session's address has no key", () =>
  expect(sessionAddress("https://x.example/listen#key=sesame", ID)).toBe(`https://x.example/listen?session=${ID}`));
