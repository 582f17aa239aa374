import { SansetError } from "@sanset/client";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { SignInAgain } from "../SignInAgain";

/**
 * Does what the shop lets only who has just signed in do: where that is too long ago, the user signs in above the page,
 * and it is done then. `dialog` is to be shown.
 */
export function useFresh<A>(action: (argument: A) => Promise<unknown>): {
  run: (argument: A) => void;
  busy: boolean;
  error: unknown;
  dialog: ReactNode;
} {
  const mutation = useMutation({ mutationFn: action });
  const { error, variables } = mutation;
  const stale = error instanceof SansetError && error.reason === "REAUTHENTICATION_REQUIRED";
  const dialog = stale && (
    <SignInAgain
      says="That is only for who has just signed in: sign in again, and it is done."
      done={() => mutation.mutate(variables as A)}
      cancel={() => mutation.reset()}
    />
  );
  return { run: mutation.mutate, busy: mutation.isPending, error: stale ? undefined : error, dialog };
}
