import { type ReactNode } from "react";
import {
  ArrayInput,
  AutocompleteInput,
  DateTimeInput,
  NumberInput,
  SelectInput,
  SimpleFormIterator,
  TextArrayInput,
  TextInput,
  required,
} from "react-admin";
import { useWatch } from "react-hook-form";
import { useCategoryChoices } from "../categories/tree";
import { RecordForm } from "../ui/RecordForm";
import { Section } from "../ui/Section";
import { TranslationsInput } from "../ui/TranslationsInput";
import { MoneyInput } from "../ui/money";
import { en } from "./messages";

const T = "resources.products";
const KINDS = Object.keys(en.kinds).map((id) => ({ id, name: `${T}.kinds.${id}` }));
const NEW = { discount: { kind: "none" }, stock: 0, maxQuantity: 99, maxQuantityDays: 0 };

export function ProductForm({ isNew = false, toolbar }: { isNew?: boolean; toolbar?: ReactNode }) {
  return (
    <RecordForm defaultValues={isNew ? NEW : {}} toolbar={toolbar}>
      <TextInput source="name" validate={required()} />
      <TextInput source="sku" helperText={isNew && `${T}.skuHint`} />
      <TextInput source="description" multiline minRows={3} />
      <Prices />
      <Section title={`${T}.sections.order`} />
      <CategoryInput />
      <TextInput source="brand" />
      <TextArrayInput source="tags" helperText={`${T}.tagsHint`} />
      <Section title={`${T}.sections.limits`} />
      {isNew && <NumberInput source="stock" min={0} step={1} helperText={`${T}.openingStockHint`} />}
      <NumberInput source="maxQuantity" min={0} step={1} />
      <NumberInput source="maxQuantityDays" min={0} step={1} />
      <Section title={`${T}.sections.search`} />
      <TextInput source="slug" helperText={`${T}.slugHint`} />
      <TextInput source="seoTitle" />
      <TextInput source="seoDescription" multiline />
      <Translations />
      <Facts source="attributes" hint={`${T}.valueHint`} />
      <Facts source="metadata" hint={`${T}.metadataHint`} />
    </RecordForm>
  );
}

function Prices() {
  const kind: unknown = useWatch({ name: "discount.kind" });
  return (
    <>
      <Section title={`${T}.sections.price`} />
      <MoneyInput source="price" isRequired />
      <MoneyInput source="compareAtPrice" />
      <SelectInput source="discount.kind" choices={KINDS} validate={required()} />
      {kind === "percent" && (
        <NumberInput source="discount.basisPoints" min={0} max={100} step={0.01} validate={required()} />
      )}
      {kind === "amount" && <MoneyInput source="discount.amount" isRequired />}
      {(kind === "percent" || kind === "amount") && (
        <>
          <DateTimeInput source="discount.startTime" />
          <DateTimeInput source="discount.endTime" />
        </>
      )}
    </>
  );
}

function CategoryInput() {
  const { choices, isPending } = useCategoryChoices();
  return <AutocompleteInput source="categoryId" choices={choices} isPending={isPending} emptyText={`${T}.none`} />;
}

function Translations() {
  return (
    <>
      <Section title={`${T}.sections.translations`} hint={`${T}.translationsHint`} />
      <TranslationsInput label={false}>
        <TextInput source="name" label={`${T}.texts.name`} />
        <TextInput source="description" label={`${T}.texts.description`} multiline />
        <TextInput source="seoTitle" label={`${T}.texts.seoTitle`} />
        <TextInput source="seoDescription" label={`${T}.texts.seoDescription`} multiline />
      </TranslationsInput>
    </>
  );
}

function Facts({ source, hint }: { source: "attributes" | "metadata"; hint: string }) {
  return (
    <>
      <Section title={`${T}.sections.${source}`} hint={hint} />
      <ArrayInput source={source} label={false}>
        <SimpleFormIterator inline disableReordering>
          <TextInput source="name" label={`${T}.facts.name`} validate={required()} helperText={false} />
          <TextInput source="value" label={`${T}.facts.value`} multiline helperText={false} />
        </SimpleFormIterator>
      </ArrayInput>
    </>
  );
}
