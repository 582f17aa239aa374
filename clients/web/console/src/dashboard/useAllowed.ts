import type { DescMethod } from "@bufbuild/protobuf";
import { useQuery } from "@tanstack/react-query";
import { mayCall } from "../session/user";

/** Whether the user may call an RPC; false until that is known. */
export function useAllowed(method: DescMethod): boolean {
  const { data = false } = useQuery({
    queryKey: ["may-call", method.parent.typeName, method.name],
    queryFn: () => mayCall(method),
  });
  return data;
}
