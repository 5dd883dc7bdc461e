// Server-sent messages out of text, and when to try again. Pure.

/** Splits a byte stream into messages {name, id, data}. Pure: feed it text, it keeps the unfinished rest. */
export function messageReader() {
  let rest = "";
  return (text) => {
    const blocks = (rest + text).replace(/\r\n?/g, "\n").split("\n\n");
    rest = blocks.pop();
    return blocks.map(parse).filter((message) => message.data !== "");
  };
}

function parse(block) {
  const message = { name: "message", id: null, data: "" };
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") message.name = value;
    else if (field === "id") message.id = value;
    else if (field === "data") message.data += (message.data && "\n") + value;
  }
  return message;
}

/** Full jitter: 0.25 s at first, doubling to 15 s. */
export const backoffMs = (attempt, random = Math.random) => Math.min(15_000, 250 * 2 ** attempt) * (0.5 + random() / 2);
