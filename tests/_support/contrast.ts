/**
 * For a page: what stands too little apart from what lies behind it, with its ratio. Texts, also those of fields and their
 * placeholders, need 4.5 to 1 (WCAG 2.2, 1.4.3), the edges of fields 3 to 1 (1.4.11). What is switched off is exempt.
 */
export const lowContrast = `(() => {
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const over = ([r, g, b, a], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a)];
  const light = (colour) => colour.map((c) => c / 255)
    .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ratioOf = (a, b) => {
    const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  const behind = (node) => {
    if (node === null) return [255, 255, 255];
    const colour = parse(getComputedStyle(node).backgroundColor);
    return colour[3] === 1 ? colour.slice(0, 3) : over(colour, behind(node.parentElement));
  };
  const opacity = (node) => node === null ? 1 : Number(getComputedStyle(node).opacity) * opacity(node.parentElement);
  const found = [];
  const check = (node, text, colour, least, back = behind(node)) => {
    const [r, g, b, a] = parse(colour);
    const ratio = ratioOf(over([r, g, b, a * opacity(node)], back), back);
    if (ratio < least) found.push(ratio.toFixed(2) + " " + text.trim().slice(0, 40));
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement: node, data } = walker.currentNode;
    if (!data.trim() || !node.checkVisibility() || node.closest("noscript, option, [disabled]")) continue;
    check(node, data, getComputedStyle(node).color, 4.5);
  }
  for (const node of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (!node.checkVisibility() || node.disabled) continue;
    const { color, borderTopColor, borderTopWidth } = getComputedStyle(node);
    const name = node.localName + " " + (node.id || node.name);
    check(node, "text of " + name, color, 4.5);
    if (node.placeholder) check(node, "placeholder of " + name, getComputedStyle(node, "::placeholder").color, 4.5);
    if (/^(?:checkbox|radio|file)$/.test(node.type)) continue;
    if (borderTopWidth === "0px") found.push("no edge: " + name);
    else check(node, "edge of " + name, borderTopColor, 3, behind(node.parentElement));
  }
  return found;
})()`;
