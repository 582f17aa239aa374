import type { Variant_Option } from "@sanset/client/gen/sanset/v1/variant_pb.js";

interface Line {
  readonly name: string;
  readonly options: readonly Variant_Option[];
}

/** The size and colour of a line, without which two of one product look alike. */
export function OptionsOf({ line }: { line: Line }) {
  const text = optionsText(line);
  return text === "" ? null : <span className="hint line-options">{text}</span>;
}

/** A line in words: "Shirt, M, Red". */
export function lineName(line: Line): string {
  return [line.name, optionsText(line)].filter(Boolean).join(", ");
}

function optionsText({ options }: Line): string {
  return options.map(({ value }) => value).join(", ");
}
