import type { Product } from "@sanset/client/gen/sanset/v1/product_pb.js";
import type { Variant } from "@sanset/client/gen/sanset/v1/variant_pb.js";

/** The chosen value of each option, by the option's name. */
export type Chosen = Readonly<Record<string, string>>;

/** The values of which there is but one. */
export function withoutChoice({ options }: Product): Chosen {
  return Object.fromEntries(options.flatMap(({ name, values }) => (values.length === 1 ? [[name, values[0]!]] : [])));
}

/** The variant that has all chosen values, where every option has one; the only one where there is no choice. */
export function variantOf(variants: readonly Variant[], product: Product, chosen: Chosen): Variant | undefined {
  if (product.options.some((option) => chosen[option.name] === undefined)) return undefined;
  return variants.find((variant) => fits(variant, chosen));
}

/** A choice of values for each option; those that go with no other choice are not to be chosen. */
export function Options({
  product,
  variants,
  chosen,
  choose,
}: {
  product: Product;
  variants: readonly Variant[];
  chosen: Chosen;
  choose: (chosen: Chosen) => void;
}) {
  if (product.variantsCount <= 1) return null;
  return (
    <>
      {product.options.map((option) => (
        <fieldset key={option.name} className="options">
          <legend>{option.name}</legend>
          {option.values.map((value) => {
            const next = { ...chosen, [option.name]: value };
            const exists = variants.some((variant) => fits(variant, next));
            return (
              <label key={value} className="option">
                <input
                  type="radio"
                  name={option.name}
                  checked={chosen[option.name] === value}
                  onChange={() => choose(exists ? next : { ...withoutChoice(product), [option.name]: value })}
                />
                <span className={exists ? "" : "option-gone"}>{value}</span>
              </label>
            );
          })}
        </fieldset>
      ))}
    </>
  );
}

function fits(variant: Variant, chosen: Chosen): boolean {
  return Object.entries(chosen).every(([name, value]) =>
    variant.options.some((option) => option.name === name && option.value === value),
  );
}
