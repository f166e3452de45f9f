/** One line of a TAP report. */
export interface TapLine {
  readonly ok: boolean;
  readonly name: string;
}

/**
 * Reads the output of a pgTAP file. A plan that was not kept, or none, is a failed line of its own: a file
 * that stops early must not look green.
 */
export function readTap(output: readonly string[]): TapLine[] {
  const lines = output.flatMap((text) => text.split("\n"));
  const results = lines.flatMap((line): TapLine[] => {
    const [, not, name = ""] = /^(not )?ok \d+(?: - (.*))?$/.exec(line) ?? [];
    return /^(not )?ok /.test(line) ? [{ ok: not === undefined, name }] : [];
  });
  const [, planned] =
    lines.map((line) => /^1\.\.(\d+)$/.exec(line)).find((match) => match !== null) ?? [];
  if (planned !== undefined && Number(planned) === results.length) return results;
  return [
    ...results,
    { ok: false, name: `planned ${planned ?? "nothing"}, ran ${results.length}` },
  ];
}
