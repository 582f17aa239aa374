import { AutocompleteInput, TextInput, required, useTranslate } from "react-admin";
import { useShopQuery } from "../data/useShopQuery";
import { CallDialog } from "../ui/CallDialog";
import { TranslationsInput } from "../ui/TranslationsInput";
import type { Chosen } from "./CategoryPage";
import { type CategoryRecord, createCategory, getCategory, updateCategory } from "./calls";
import { useCategoryChoices } from "./tree";

const T = "resources.categories";

export function CategoryDialog({ chosen, onClose }: { chosen: Chosen; onClose: () => void }) {
  if ("edit" in chosen) return <EditDialog id={chosen.edit.id} onClose={onClose} />;
  return <CreateDialog parentId={chosen.below?.id ?? ""} onClose={onClose} />;
}

function CreateDialog({ parentId, onClose }: { parentId: string; onClose: () => void }) {
  const translate = useTranslate();
  const values: CategoryRecord = { id: "", name: "", slug: "", parentId, description: "", translations: [] };
  return (
    <CallDialog title={translate(`${T}.add`)} resource="categories" values={values} call={createCategory} done={`${T}.created`} onClose={onClose}>
      <Inputs />
    </CallDialog>
  );
}

function EditDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const translate = useTranslate();
  const { data: category } = useShopQuery(["categories", id], (signal) => getCategory(id, signal));
  if (category === undefined) return null;
  return (
    <CallDialog
      title={translate(`${T}.edit`, { name: category.name })}
      resource="categories"
      values={category}
      call={(values: CategoryRecord, requestId) => updateCategory(category, values, requestId)}
      done={`${T}.updated`}
      onClose={onClose}
    >
      <Inputs />
    </CallDialog>
  );
}

function Inputs() {
  const { choices, isPending } = useCategoryChoices();
  return (
    <>
      <TextInput source="name" validate={required()} autoFocus />
      <AutocompleteInput source="parentId" choices={choices} isPending={isPending} emptyText={`${T}.top`} />
      <TextInput source="slug" helperText="resources.products.slugHint" />
      <TextInput source="description" multiline />
      <TranslationsInput>
        <TextInput source="name" label={`${T}.texts.name`} />
        <TextInput source="description" label={`${T}.texts.description`} multiline />
      </TranslationsInput>
    </>
  );
}
