import { useEffect, useRef } from "react";
import { useLocation } from "react-router";
import { SignInForm } from "./SignInForm";
import { leave } from "./useUser";

/** Signs in above the page, which stays as it is. `done` is called then; who will not leaves the page. */
export function SignInAgain({
  says = "You were signed out. Sign in to go on; what you typed is still there.",
  done = () => undefined,
  cancel = leave,
}: {
  says?: string;
  done?: () => void;
  cancel?: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { pathname, search } = useLocation();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="sign-in-again" onCancel={cancel}>
      <h2 id="sign-in-again">Sign in again</h2>
      <p>{says}</p>
      <SignInForm done={done} next={pathname + search} />
      <button className="link" onClick={cancel}>
        Not now
      </button>
    </dialog>
  );
}
