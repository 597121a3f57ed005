/**
 * A chart of bars in groups, as an SVG that is read on light and on dark ground.
 */

export interface Group {
  readonly title: string;
  readonly bars: readonly { readonly name: string; readonly value: number }[];
}

const WIDTH = 760;
const LEFT = 190;
const RIGHT = 70;
const BAR = 16;
const GAP = 22;
const TOP = 64;
const COLORS = ['#8a8f98', '#2563eb', '#e08a1e', '#3f9142'];

/** A bar of NaN is left out. */
export function barChart(groups: readonly Group[], { title, unit }: { title: string; unit: string }): string {
  const shown = groups.map(({ title: name, bars }) => ({
    title: name,
    bars: bars.filter(({ value }) => !Number.isNaN(value)),
  }));
  const most = Math.max(...shown.flatMap(({ bars }) => bars.map(({ value }) => value)));
  const scale = (WIDTH - LEFT - RIGHT) / most;
  const names = [...new Set(groups.flatMap(({ bars }) => bars.map(({ name }) => name)))];
  const parts: string[] = [];
  let y = TOP;
  for (const { title: name, bars } of shown) {
    const middle = y + (bars.length * BAR) / 2;
    parts.push(`<text x="${LEFT - 12}" y="${middle + 4}" text-anchor="end">${escaped(name)}</text>`);
    for (const { name: system, value } of bars) {
      const width = Math.max(value * scale, 1);
      const color = COLORS[names.indexOf(system) % COLORS.length];
      parts.push(
        `<rect x="${LEFT}" y="${y + 1}" width="${width.toFixed(1)}" height="${BAR - 2}" rx="2" fill="${color}"><title>${escaped(system)}</title></rect>`,
        `<text x="${(LEFT + width + 6).toFixed(1)}" y="${y + BAR - 4}" class="figure">${value.toFixed(1)} ${escaped(unit)}</text>`,
      );
      y += BAR;
    }
    y += GAP;
  }
  const legend = names.map((name, i) => {
    const x = LEFT + i * 130;
    return `<rect x="${x}" y="36" width="12" height="12" rx="2" fill="${COLORS[i % COLORS.length]}"/><text x="${x + 18}" y="46">${escaped(name)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="${escaped(title)}">
<style>text { fill: #444 } .figure { font-size: 11px } @media (prefers-color-scheme: dark) { text { fill: #ccc } }</style>
<text x="${LEFT}" y="20" font-size="15" font-weight="600">${escaped(title)}</text>
${[...legend, ...parts].join('\n')}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
