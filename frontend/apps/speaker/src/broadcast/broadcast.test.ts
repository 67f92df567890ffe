import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Rig, SESSION } from "./scripted-server.js";

async function settle(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("chunks", () => {
  it("go out as they are spoken, numbered without a gap", async () => {
    const rig = await Rig.live();
    await rig.speak(3);
    expect(rig.socket.chunks).toEqual([0, 1, 2]);
    expect(rig.socket.offsets).toEqual([0, 4_000, 8_000]);
    expect(rig.broadcast.sender.waitingS.value).toBe(0.75);
    rig.socket.ack(0, 1, 2);
    expect(rig.broadcast.sender.waitingS.value).toBe(0);
  });

  it("are kept while the network is away, and sent again on the new connection", async () => {
    const rig = await Rig.live();
    await rig.speak(4);
    rig.socket.ack(0, 2);
    rig.socket.drop();
    await settle(600);
    const next = rig.socket;
    await rig.speak(20);
    expect(rig.broadcast.connection.value).toBe("reconnecting");
    expect(next.chunks).toEqual([]);
    next.join();
    for (let index = 0; index < 24; index++) next.ack(index);
    expect(next.chunks).toEqual([1, 3, ...Array.from({ length: 20 }, (_, index) => 4 + index)]);
  });

  it("are sent again soon after a refusal for now, and after a time-out", async () => {
    const rig = await Rig.live();
    await rig.speak(1);
    rig.socket.refuse("STORAGE_UNAVAILABLE", "audioChunk", true);
    await settle(800);
    expect(rig.socket.chunks).toEqual([0, 0]);
    rig.socket.say({ message: "Internal server error", connectionId: "c", requestId: "r" });
    await settle(800);
    expect(rig.socket.chunks).toEqual([0, 0, 0]);
    for (let second = 0; second < 21; second++) {
      await settle(1_000);
      rig.socket.sayJoined("live");
    }
    expect(rig.socket.chunks).toEqual([0, 0, 0, 0]);
    expect(rig.broadcast.trouble.value).toBeUndefined();
  });

  it("wait when the server is told more than it takes, and all of them come after all", async () => {
    const rig = await Rig.live();
    await rig.speak(3);
    rig.socket.ack(0);
    rig.socket.refuse("RATE_LIMITED", "audioChunk", true);
    rig.socket.refuse("RATE_LIMITED", "audioChunk", true);
    await rig.speak(1);
    expect(rig.socket.chunks).toEqual([0, 1, 2]);
    await settle(1_000);
    expect(rig.socket.chunks).toEqual([0, 1, 2, 1, 2, 3]);
    expect(rig.broadcast.trouble.value).toBeUndefined();
    rig.socket.ack(1, 2, 3);
    expect(rig.broadcast.sender.isDrained).toBe(true);
  });

  it("go on where the session stands after a reload, also those captured before the server has answered", async () => {
    const rig = new Rig(5_000);
    await settle();
    rig.broadcast.goLive();
    await rig.speak(2);
    rig.socket.join("live", 160_000);
    expect(rig.socket.offsets).toEqual([152_000, 156_000]);
    await rig.speak(1);
    expect(rig.socket.offsets.at(-1)).toBe(160_000);
  });

  it("go on where this browser knows to have been when the server does not know yet", async () => {
    const rig = new Rig(48_000);
    await settle();
    rig.socket.join("live", 0);
    rig.broadcast.goLive();
    await rig.speak(1);
    expect(rig.socket.offsets).toEqual([48_000]);
  });

  it("go on over a replaced connection, acknowledged by either, and none is sent twice", async () => {
    const rig = await Rig.live();
    const old = rig.socket;
    await rig.speak(4);
    old.ack(0, 1);
    old.refresh();
    await settle();
    const fresh = rig.socket;
    expect(fresh).not.toBe(old);
    await rig.speak(2);
    old.ack(2, 3);
    fresh.join("live", 24_000);
    await rig.speak(2);
    // On their way when the connection was replaced; the old one still brings their acknowledgements.
    old.ack(4, 5);
    fresh.ack(6, 7);
    await rig.speak(4);
    fresh.ack(8, 9, 10, 11);
    await settle(4_000);
    expect(old.chunks).toEqual([0, 1, 2, 3, 4, 5]);
    expect(fresh.chunks).toEqual([6, 7, 8, 9, 10, 11]);
    expect(rig.sockets.flatMap((socket) => socket.offsets)).toEqual(
      Array.from({ length: 12 }, (_, index) => 4_000 * index),
    );
    expect(rig.broadcast.sender.waitingS.value).toBe(0);
    expect(rig.broadcast.connection.value).toBe("joined");
    expect([old.isClosed, fresh.isClosed]).toEqual([true, false]);
  });

  it("that are lost with the old connection are sent again on the new one", async () => {
    const rig = await Rig.live();
    const old = rig.socket;
    await rig.speak(2);
    old.ack(0);
    old.refresh();
    await settle();
    rig.socket.join("live", 8_000);
    await rig.speak(1);
    rig.socket.ack(2);
    await settle(4_000);
    expect(rig.socket.chunks).toEqual([2, 1]);
  });

  it("are told when there were too many to keep, until the speaker has read it", async () => {
    const rig = await Rig.live();
    const { sender } = rig.broadcast;
    rig.socket.drop();
    await rig.speak(484);
    expect(sender.lostS.value).toBe(1);
    sender.dismissLoss();
    expect(sender.lostS.value).toBe(0);
    await rig.speak(2);
    expect(sender.lostS.value).toBe(0.5);
  });

  it("without any answer make the connection prove that it is alive", async () => {
    const rig = await Rig.live();
    const first = rig.socket;
    await rig.speak(40);
    expect(first.count("joinSession")).toBeGreaterThan(1);
    await rig.speak(24);
    expect(first.isClosed).toBe(true);
    expect(rig.broadcast.connection.value).toBe("reconnecting");
  });
});

describe("commands", () => {
  it("pause when every word is safe", async () => {
    const rig = await Rig.live();
    await rig.speak(2);
    rig.broadcast.pause();
    await settle();
    expect(rig.source.isOpen).toBe(false);
    expect(rig.socket.chunks).toEqual([0, 1, 2]);
    rig.socket.ack(0, 1);
    expect(rig.socket.count("pauseBroadcast")).toBe(0);
    rig.socket.ack(2);
    expect(rig.socket.count("pauseBroadcast")).toBe(1);
    rig.socket.sayState("paused");
    await settle(12_000);
    expect(rig.socket.count("pauseBroadcast")).toBe(1);
  });

  it("do not wait for ever for words that are not acknowledged", async () => {
    const rig = await Rig.live();
    await rig.speak(1);
    rig.broadcast.mute();
    await settle(9_000);
    rig.socket.sayJoined("live");
    expect(rig.socket.count("muteBroadcast")).toBe(0);
    await settle(2_000);
    expect(rig.socket.count("muteBroadcast")).toBe(1);
  });

  it("let the first words after a pause follow the end of the pause", async () => {
    const rig = await Rig.live();
    rig.broadcast.pause();
    await settle();
    rig.socket.ack(0);
    rig.socket.sayState("paused");
    rig.broadcast.goLive();
    await rig.speak(2);
    expect(rig.socket.chunks).toEqual([0]);
    expect(rig.socket.count("resumeBroadcast")).toBe(1);
    rig.socket.sayState("live");
    expect(rig.socket.chunks).toEqual([0, 1, 2]);
    expect(rig.socket.offsets).toEqual([0, 1_600, 5_600]);
  });

  it("are given again until they are carried out, also over a lost connection", async () => {
    const rig = await Rig.live();
    rig.broadcast.mute();
    await settle();
    rig.socket.ack(0);
    await settle(5_100);
    expect(rig.socket.count("muteBroadcast")).toBe(2);
    await rig.reconnect("live");
    await settle();
    expect(rig.socket.count("muteBroadcast")).toBe(1);
    rig.socket.sayState("muted");
    await rig.reconnect("muted");
    await settle(6_000);
    expect(rig.socket.count("muteBroadcast")).toBe(0);
  });

  it("find their way when the broadcast stands elsewhere than was thought", async () => {
    const rig = await Rig.live();
    rig.broadcast.mute();
    await settle();
    rig.socket.ack(0);
    rig.socket.refuse("NOT_ALLOWED", "muteBroadcast", false);
    rig.socket.sayJoined("paused");
    expect(rig.socket.actions.at(-1)).toBe("resumeBroadcast");
    rig.socket.sayState("live");
    expect(rig.socket.actions.at(-1)).toBe("muteBroadcast");
    expect(rig.broadcast.trouble.value).toBeUndefined();
  });

  it("take over what was left when the speaker was away", async () => {
    const rig = new Rig();
    await settle();
    rig.socket.join("paused");
    expect(rig.socket.count("resumeBroadcast")).toBe(0);
    rig.broadcast.goLive();
    expect(rig.socket.count("resumeBroadcast")).toBe(1);
  });
});

describe("the volume", () => {
  it("is the server's until it is set, sent once when a slider moves, and again until it is confirmed", async () => {
    const rig = await Rig.live();
    expect(rig.broadcast.volume.value).toBe(0.8);
    for (const volume of [0.7, 0.6, 0.5]) rig.broadcast.setVolume(volume);
    rig.socket.sayState("live", 0.8);
    await settle(200);
    expect(rig.socket.received.at(-1)).toEqual({ action: "setVolume", volume: 0.5 });
    expect(rig.socket.count("setVolume")).toBe(1);
    expect(rig.broadcast.volume.value).toBe(0.5);
    await settle(5_000);
    expect(rig.socket.count("setVolume")).toBe(2);
    rig.socket.sayState("live", 0.5);
    await settle(10_000);
    expect(rig.socket.count("setVolume")).toBe(2);
    rig.socket.sayState("live", 0.3);
    expect(rig.broadcast.volume.value).toBe(0.3);
  });
});

describe("the end", () => {
  it("comes after the last words", async () => {
    const rig = await Rig.live();
    await rig.speak(1);
    rig.broadcast.end();
    await settle();
    expect(rig.socket.count("endSession")).toBe(0);
    rig.socket.ack(0, 1);
    expect(rig.socket.count("endSession")).toBe(1);
    rig.socket.sayState("ended");
    await settle(3_000);
    expect(rig.broadcast.endReason.value).toBeUndefined();
    rig.socket.say({ type: "sessionEnded", sessionId: SESSION, reason: "ended" });
    expect(rig.broadcast.endReason.value).toBe("ended");
    expect(rig.socket.isClosed).toBe(true);
    rig.broadcast.goLive();
    expect(rig.source.isOpen).toBe(false);
  });

  it("is taken from whoever tells it", async () => {
    const refused = await Rig.live();
    refused.socket.refuse("SESSION_ENDED", "audioChunk", false);
    expect(refused.broadcast.endReason.value).toBe("ended");
    expect(refused.source.isOpen).toBe(false);
    const gone = await Rig.live();
    gone.diagnosis = { refused: "SESSION_NOT_FOUND" };
    gone.socket.drop();
    await settle(600);
    gone.socket.drop();
    await settle();
    expect(gone.broadcast.endReason.value).toBe("SESSION_NOT_FOUND");
  });

  it("does not wait for ever to be told", async () => {
    const rig = await Rig.live();
    rig.broadcast.end();
    await settle(91_000);
    expect(rig.broadcast.endReason.value).toBe("ended");
  });
});

describe("the audience", () => {
  it("is asked for when nothing has been told of it for 10 s", async () => {
    const rig = new Rig();
    await settle();
    rig.socket.join();
    rig.socket.sayStatus(0);
    await rig.answerFor(31);
    expect(rig.socket.count("getSessionStatus")).toBe(1 + 3);
    rig.broadcast.goLive();
    await rig.answerFor(8);
    rig.socket.sayStatus(1);
    await rig.answerFor(8);
    expect(rig.socket.count("getSessionStatus")).toBe(1 + 3);
  });
});

describe("what the server says", () => {
  it("shows as captions and audience", async () => {
    const rig = await Rig.live();
    rig.socket.say({
      type: "transcription",
      sessionId: SESSION,
      text: "good morning",
      isFinal: false,
      language: "en",
      timestamp: 1,
      resultId: "segment-0",
      sequenceNumber: null,
    });
    rig.socket.say({
      type: "sessionStatus",
      sessionId: SESSION,
      listenerCount: 3,
      listenersByLanguage: { es: 2, fr: 1 },
      durationMs: 1_000,
      state: "live",
      delayMs: null,
    });
    expect(rig.broadcast.captions.value.partial?.text).toBe("good morning");
    expect(rig.broadcast.audience.value?.listenersByLanguage).toEqual({ es: 2, fr: 1 });
    expect(rig.broadcast.audience.value?.delayMs).toBeUndefined();
    rig.socket.sayStatus(2_400);
    expect(rig.broadcast.audience.value?.delayMs).toBe(2_400);
  });

  it("is told as trouble until it is over", async () => {
    const rig = await Rig.live();
    rig.socket.refuse("TRANSCRIPTION_UNAVAILABLE", null, true);
    expect(rig.broadcast.trouble.value?.code).toBe("TRANSCRIPTION_UNAVAILABLE");
    rig.socket.say({
      type: "transcription",
      sessionId: SESSION,
      text: "again",
      isFinal: false,
      language: "en",
      timestamp: 1,
      resultId: "segment-0",
      sequenceNumber: null,
    });
    expect(rig.broadcast.trouble.value).toBeUndefined();
    rig.socket.refuse("INVALID_AUDIO", "audioChunk", false);
    expect(rig.broadcast.trouble.value?.code).toBe("INVALID_AUDIO");
    rig.socket.ack(0);
    expect(rig.broadcast.trouble.value).toBeUndefined();
  });
});
