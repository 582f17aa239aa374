import { messageOf } from "../shop";

/** Says why something was refused; nothing while it was not. */
export function Refusal({ of }: { of: unknown }) {
  if (of === null || of === undefined) return null;
  return (
    <p className="note note-error" role="alert">
      {messageOf(of)}
    </p>
  );
}
