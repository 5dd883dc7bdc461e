// What is known of a camera's health, as keys of sentences. Pure.

/** {camera, outage} of a device in the hub's answer; undefined where it says nothing. */
export const ofDevice = ({ cameras, outages }, key) => ({
  camera: cameras.find((one) => one.device === key),
  outage: outages.find((one) => one.members.includes(key)),
});

/** What to say of how it is heard. */
export function contactKey(camera, outage) {
  if (camera.contact === "outage") return outage?.repeater ? "camera.repeater_down" : "camera.shared_down";
  if (camera.contact === "unknown") return camera.heard_at ? "camera.learning" : "camera.unheard";
  return camera.contact === "silent" ? "camera.silent" : "camera.ok";
}

/** What somebody should see to, besides silence, which is said already. */
export const otherTrouble = ({ trouble }) => trouble.filter((one) => one !== "silent");
