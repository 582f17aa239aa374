// The same keys in another language: a text that is missing is an error of types.

/** The shape of texts, whatever they say. */
export type Translated<T> = { readonly [Key in keyof T]: T[Key] extends string ? string : Translated<T[Key]> };
