import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffMs, messageReader } from "../../web/console/messages.js";

test("messages are found wherever the stream is cut", () => {
  const text = 'id: 7\nevent: positions\ndata: {"items":[]}\n\n: comment\n\nid: 8\nevent: heartbeat\ndata: {"a":\ndata: 1}\n\n';
  for (let cut = 0; cut <= text.length; cut++) {
    const read = messageReader();
    assert.deepEqual([...read(text.slice(0, cut)), ...read(text.slice(cut))], [
      { name: "positions", id: "7", data: '{"items":[]}' },
      { name: "heartbeat", id: "8", data: '{"a":\n1}' },
    ]);
  }
});

test("an unfinished message waits for its end", () => {
  const read = messageReader();
  assert.deepEqual(read("data: 1\n"), []);
  assert.deepEqual(read("\n"), [{ name: "message", id: null, data: "1" }]);
});

test("waiting doubles up to a quarter of a minute and is never the same for everybody", () => {
  assert.equal(backoffMs(0, () => 1), 250);
  assert.equal(backoffMs(3, () => 1), 2000);
  assert.equal(backoffMs(30, () => 1), 15_000);
  assert.equal(backoffMs(30, () => 0), 7500);
});
