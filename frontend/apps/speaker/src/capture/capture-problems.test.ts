import { describe, expect, it } from "vitest";
import { findPreferred, listPhysical, type MicrophoneDevice, shouldSwitch, SYSTEM_DEFAULT } from "./device-choice.js";
import { findObstacle, readMicrophoneProblem } from "./microphone-problem.js";

const BUILT_IN: MicrophoneDevice = { deviceId: "a1", label: "Built-in", groupId: "g1" };
const HEADSET: MicrophoneDevice = { deviceId: "b2", label: "Headset", groupId: "g2" };
const defaultIs = (device: MicrophoneDevice): MicrophoneDevice => ({ ...device, deviceId: "default" });

describe("readMicrophoneProblem", () => {
  it.each([
    ["NotAllowedError", "denied"],
    ["NotFoundError", "missing"],
    ["OverconstrainedError", "missing"],
    ["NotReadableError", "in-use"],
    ["AbortError", "in-use"],
    ["InvalidStateError", "failed"],
  ])("%s: %s", (name, problem) => {
    expect(readMicrophoneProblem(new DOMException("", name))).toBe(problem);
  });

  it("makes something of anything", () => {
    for (const error of [undefined, null, "denied", new Error("x"), { name: 5 }]) {
      expect(readMicrophoneProblem(error)).toBe("failed");
    }
  });
});

it("knows what a page needs", () => {
  const scope = { isSecureContext: true, navigator: { mediaDevices: {} }, AudioWorkletNode: {} };
  expect(findObstacle(scope)).toBeUndefined();
  expect(findObstacle({ ...scope, isSecureContext: false })).toBe("insecure");
  expect(findObstacle({ ...scope, navigator: {} })).toBe("unsupported");
  expect(findObstacle({ ...scope, AudioWorkletNode: undefined })).toBe("unsupported");
});

describe("the choice of a microphone", () => {
  it("lists each once", () => {
    expect(listPhysical([defaultIs(BUILT_IN), BUILT_IN, HEADSET])).toEqual([BUILT_IN, HEADSET]);
  });

  it("finds the preferred by its id or its name, and falls back on the system's choice", () => {
    const devices = [defaultIs(BUILT_IN), BUILT_IN, HEADSET];
    expect(findPreferred(devices, { deviceId: "b2", label: "" })).toBe(HEADSET);
    expect(findPreferred(devices, { deviceId: "old", label: "Headset" })).toBe(HEADSET);
    expect(findPreferred(devices, { deviceId: "old", label: "" })).toBeUndefined();
    expect(findPreferred(devices, SYSTEM_DEFAULT)).toBeUndefined();
  });

  it("goes back to the preferred when it is there again", () => {
    const preference = { deviceId: "b2", label: "Headset" };
    expect(shouldSwitch([BUILT_IN], preference, BUILT_IN)).toBe(false);
    expect(shouldSwitch([BUILT_IN, HEADSET], preference, BUILT_IN)).toBe(true);
    expect(shouldSwitch([BUILT_IN, HEADSET], preference, HEADSET)).toBe(false);
  });

  it("follows the system where nothing is preferred", () => {
    expect(shouldSwitch([defaultIs(BUILT_IN), BUILT_IN, HEADSET], SYSTEM_DEFAULT, BUILT_IN)).toBe(false);
    expect(shouldSwitch([defaultIs(HEADSET), BUILT_IN, HEADSET], SYSTEM_DEFAULT, BUILT_IN)).toBe(true);
    expect(shouldSwitch([BUILT_IN, HEADSET], SYSTEM_DEFAULT, BUILT_IN)).toBe(false);
  });
});
