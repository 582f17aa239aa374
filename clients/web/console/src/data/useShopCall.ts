// A button's call to the shop.
import { useMutation } from "@tanstack/react-query";
import { useAuthProvider, useNotify, useRefresh } from "react-admin";
import { refusing } from "./refusals";
import { once } from "./requestIds";

export interface ShopCall<V> {
  /** Calls the shop, unless a call of it runs. */
  readonly act: (values: V) => void;
  readonly isPending: boolean;
}

/**
 * For what is neither a list nor a form: `call` gets the values that `act` was given, and the request id. What is refused is
 * said; after success `done` is said, where given, and what the page shows is read anew.
 */
export function useShopCall<V, T>(
  name: string,
  call: (values: V, requestId: string) => Promise<T>,
  { done, onDone }: { done?: string; onDone?: (reply: T) => void } = {},
): ShopCall<V> {
  const notify = useNotify();
  const refresh = useRefresh();
  const auth = useAuthProvider();
  const mutation = useMutation({
    mutationFn: (values: V) => refusing(once([name, values], (requestId) => call(values, requestId))),
    onSuccess: (reply) => {
      if (done !== undefined) notify(done, { type: "success" });
      onDone?.(reply);
      refresh();
    },
    onError: async (failure: Error) => {
      await auth?.checkError(failure);
      notify(failure.message, { type: "error" });
    },
  });
  return {
    act: (values) => {
      if (!mutation.isPending) mutation.mutate(values);
    },
    isPending: mutation.isPending,
  };
}
