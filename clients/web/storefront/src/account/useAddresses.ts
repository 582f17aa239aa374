import type { Address } from "@sanset/client/gen/sanset/v1/user_pb.js";
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { shop } from "../shop";

/** The user's addresses, the one of choice first. */
export function useAddresses(): UseQueryResult<Address[]> {
  return useQuery({
    queryKey: ["mine", "addresses"],
    queryFn: async ({ signal }) => {
      const { items } = await shop.users.listAddresses({ pageSize: 100 }, { signal });
      return items.sort((one, other) => Number(other.isDefault) - Number(one.isDefault));
    },
  });
}

/** An address in a line. */
export function lineOf(address: Address): string {
  const town = [address.postalCode, address.city].filter(Boolean).join(" ");
  return [address.line1, address.line2, town, address.state, address.country].filter(Boolean).join(", ");
}
