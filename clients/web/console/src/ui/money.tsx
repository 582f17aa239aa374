// Amounts: written exactly, shown as the reader's language writes them.
import InputAdornment from "@mui/material/InputAdornment";
import { FunctionField, TextInput, type TextInputProps, required, useRecordContext } from "react-admin";
import { type Amount, isWritten } from "../data/values";
import { spokenLanguage } from "../i18n/language";

/** "$24.90", or "" for none. */
export function amountText(amount: Amount | null | undefined): string {
  if (amount == null) return "";
  const { currencyCode } = amount;
  return currencyCode === "" ? amount.amount : moneyText(Number(amount.amount), currencyCode);
}

/** A number of units of a currency. */
export function moneyText(value: number, currencyCode: string, options: Intl.NumberFormatOptions = {}): string {
  if (currencyCode === "") return value.toLocaleString(spokenLanguage());
  return value.toLocaleString(spokenLanguage(), { style: "currency", currency: currencyCode, ...options });
}

/** Shows the amount that a record has at `source`. */
export function MoneyField({ source }: { source: string; label?: string }) {
  return <FunctionField source={source} render={(record: Record<string, Amount | null>) => amountText(record[source])} />;
}

const validAmount = (amount: Amount | null) => (amount == null || isWritten(amount.amount) ? undefined : "console.form.amount");
const requiredAmount = required();
const OPTIONAL = [validAmount];
const REQUIRED = [requiredAmount, validAmount];

/** An amount in the currency that it has, or in the shop's. Its value is an `Amount`, null when nothing is written. */
export function MoneyInput({ source, isRequired = false, ...props }: { source: string; isRequired?: boolean } & Omit<TextInputProps, "source">) {
  const record = useRecordContext<Record<string, Amount | null>>();
  const currencyCode = record?.[source]?.currencyCode ?? "";
  return (
    <TextInput
      source={source}
      inputMode="decimal"
      validate={isRequired ? REQUIRED : OPTIONAL}
      format={(amount: Amount | null) => amount?.amount ?? ""}
      parse={(text: string) => (text === "" ? null : { amount: text, currencyCode })}
      slotProps={{ input: { endAdornment: currencyCode && <InputAdornment position="end">{currencyCode}</InputAdornment> } }}
      {...props}
    />
  );
}
