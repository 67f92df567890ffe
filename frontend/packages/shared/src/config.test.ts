import { describe, expect, it } from "vitest";
import { parseConfig } from "./config.js";

const CONFIG = {
  stage: "dev",
  region: "eu-central-1",
  httpApiUrl: "http://127.0.0.1:8000/",
  webSocketUrl: "ws://127.0.0.1:8001/dev",
  userPoolId: "pool",
  userPoolClientId: "client",
  awsEndpointUrl: null,
  listenerUrl: "https://listener.example",
};

describe("parseConfig", () => {
  it("reads addresses without trailing slashes", () =>
    expect(parseConfig({ ...CONFIG, more: 1 })).toEqual({ ...CONFIG, httpApiUrl: "http://127.0.0.1:8000" }));
  it.each(Object.keys(CONFIG).filter((name) => name !== "awsEndpointUrl"))("needs %s", (name) =>
    expect(() => parseConfig({ ...CONFIG, [name]: undefined })).toThrow(name),
  );
  it.each([
    ["httpApiUrl", "ftp://x"],
    ["webSocketUrl", "https://x"],
    ["listenerUrl", "javascript:alert(1)"],
    ["awsEndpointUrl", "x"],
  ])("refuses %s = %s", (name, value) => expect(() => parseConfig({ ...CONFIG, [name]: value })).toThrow("address"));
});
