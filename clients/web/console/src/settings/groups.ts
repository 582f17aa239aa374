// Settings by their subjects, narrowed to what is looked for.
import type { Setting } from "@sanset/client/gen/sanset/v1/settings_pb.js";

export interface Group {
  readonly name: string;
  readonly settings: readonly Setting[];
}

export interface Narrowing {
  /** Words that a setting must all have: in its name, its value, what it is for, or its subject. */
  readonly text: string;
  readonly changedOnly: boolean;
}

/** The subjects that have settings left, in the order of the shop. `title` says what people call a subject. */
export function groupsOf(settings: readonly Setting[], { text, changedOnly }: Narrowing, title: (group: string) => string): Group[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = (setting: Setting) => {
    const all = [setting.name, setting.value, setting.description, title(setting.group)].join(" ").toLowerCase();
    return (setting.changed || !changedOnly) && words.every((word) => all.includes(word));
  };
  const groups = new Map<string, Setting[]>();
  for (const setting of settings.filter(matches)) {
    const group = groups.get(setting.group) ?? [];
    groups.set(setting.group, [...group, setting]);
  }
  return [...groups].map(([name, members]) => ({ name, settings: members }));
}
