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
  return [address.line1, address.line2, ...townOf(address), nameOfCountry(address.country)].filter(Boolean).join(", ");
}

const countries = new Intl.DisplayNames(undefined, { type: "region" });

function nameOfCountry(code = ""): string | undefined {
  return /^[A-Z]{2}$/.test(code) ? countries.of(code) : code;
}

/** Where the code stands behind the town, as it is written there. */
const CODE_LAST = ["US", "CA", "AU", "GB", "IN", "IE", "NZ"];

function townOf({ city, state, postalCode, country = "" }: Address): (string | undefined)[] {
  if (CODE_LAST.includes(country)) return [city, [state, postalCode].filter(Boolean).join(" ")];
  return [[postalCode, city].filter(Boolean).join(" "), state];
}
