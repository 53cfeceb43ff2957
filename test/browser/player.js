/** Encodes and plays videos, for `video.test.ts`. It is plain JavaScript, since it runs in a page. */

/** Encodes frames as VP9, which every Chromium can; one a second needs none before it. */
window.encodeFrames = async function ({ width, height, rate, seconds }) {
  const frames = [];
  const encoder = new VideoEncoder({
    output(chunk) {
      const bytes = new Uint8Array(chunk.byteLength);
      chunk.copyTo(bytes);
      frames.push({ bytes: [...bytes], sync: chunk.type === "key" });
    },
    error: (thrown) => console.error(thrown),
  });
  encoder.configure({ codec: "vp09.00.10.08", width, height, framerate: rate });
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  for (let i = 0; i < rate * seconds; i++) {
    context.fillStyle = `hsl(${i * 7} 80% 50%)`;
    context.fillRect(0, 0, width, height);
    const frame = new VideoFrame(canvas, { timestamp: (i * 1e6) / rate });
    encoder.encode(frame, { keyFrame: i % rate === 0 });
    frame.close();
  }
  await encoder.flush();
  return frames;
};

/** Plays a playlist as browsers do that know such playlists: from the beginning, then from the seventh second. */
window.playVideo = async function ({ playlist, thumbnail }) {
  const video = document.createElement("video");
  video.muted = true;
  document.body.replaceChildren(video);
  video.src = playlist;
  const until = async (holds) => {
    for (let tries = 0; !holds() && tries < 100 && video.error === null; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await video.play().catch(() => undefined);
  await until(() => video.currentTime > 0.5);
  const hasBegun = video.currentTime > 0.5;
  video.currentTime = 7;
  await until(() => video.currentTime > 7.3);
  const picture = new Image();
  picture.src = thumbnail;
  await picture.decode();
  return {
    error: video.error?.message ?? null,
    duration: video.duration,
    size: [video.videoWidth, video.videoHeight],
    hasBegun,
    hasSought: video.currentTime > 7.3,
    picture: picture.naturalWidth > 0,
  };
};
