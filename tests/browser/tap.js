// Hears what a page plays: whatever is connected to a context's destination is recorded as well, and told to the test
// block by block through the binding `tellHeard(context, rateHz, firstFrame, pcmBase64)`.
{
  const WORKLET = "/recording-worklet.js";
  const { connect } = AudioNode.prototype;
  const recorders = new Map();

  const base64 = (pcm) => {
    let text = "";
    for (const byte of new Uint8Array(pcm)) text += String.fromCharCode(byte);
    return btoa(text);
  };
  const record = async (context, number) => {
    await context.audioWorklet.addModule(WORKLET);
    const recorder = new AudioWorkletNode(context, "recording", { numberOfOutputs: 0 });
    recorder.port.onmessage = ({ data }) =>
      globalThis.tellHeard(number, context.sampleRate, data.firstFrame, base64(data.pcm));
    return recorder;
  };
  AudioNode.prototype.connect = function (destination, ...more) {
    const { context } = this;
    if (destination instanceof AudioDestinationNode && context instanceof AudioContext) {
      if (!recorders.has(context)) recorders.set(context, record(context, performance.timeOrigin + recorders.size));
      recorders.get(context).then((recorder) => connect.call(this, recorder, ...more));
    }
    return connect.call(this, destination, ...more);
  };
}
