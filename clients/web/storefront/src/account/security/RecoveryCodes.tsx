import { useEffect, useRef } from "react";

/** Recovery codes, which are shown this once. */
export function RecoveryCodes({ codes, done }: { codes: readonly string[]; done: () => void }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), [codes]);
  return (
    <div className="note note-warning" ref={box} tabIndex={-1} role="group" aria-label="Recovery codes">
      <p>
        <strong>Write these down now: they are not shown again.</strong> Each stands once for a code of your authenticator.
      </p>
      <ul className="codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <p className="row-actions">
        <button className="button" onClick={() => void navigator.clipboard.writeText(codes.join("\n"))}>
          Copy
        </button>
        <button className="button" onClick={done}>
          I have them
        </button>
      </p>
    </div>
  );
}
