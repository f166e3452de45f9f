import { useEffect, useState } from "react";
import { useShortcut } from "../../shell/shortcuts.tsx";
import { Choices, Select, TextInput } from "../../ui/form.tsx";
import { type Filters, HOLDERS, RISKS, SORT_KEYS, SORTS, STATUSES } from "./filters.ts";

const TYPING_MS = 350;
const HOLDER_NAMES = { me: "Held by me", none: "Held by nobody" } as const;

interface FilterBarProps {
  readonly filters: Filters;
  readonly onChange: (part: Partial<Filters>) => void;
}

const focusSearch = () => document.getElementById("search")?.querySelector("input")?.focus();

/** Asks once the typing has paused. */
function SearchField({ filters, onChange }: FilterBarProps) {
  const [text, setText] = useState(filters.text);
  useEffect(() => {
    if (text === filters.text || text.trim().length === 1) return undefined;
    const timer = setTimeout(() => onChange({ text }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, filters.text, onChange]);
  useShortcut("/", "Search", focusSearch);
  return (
    <search id="search">
      <TextInput
        label="Name, e-mail or id"
        type="search"
        value={text}
        onChange={setText}
        autoComplete="off"
        maxLength={100}
      />
    </search>
  );
}

function StateFilters({ filters, onChange }: FilterBarProps) {
  return (
    <details className="more-filters">
      <summary>
        Status and risk{" "}
        <span className="faint">
          ({filters.status.length === 0 ? "any status" : filters.status.length}
          {filters.risk.length > 0 && `, ${filters.risk.length} risk`})
        </span>
      </summary>
      <Choices
        legend="Status"
        options={STATUSES}
        chosen={filters.status}
        onChange={(status) => onChange({ status })}
      />
      <Choices
        legend="Risk"
        options={RISKS}
        chosen={filters.risk}
        onChange={(risk) => onChange({ risk })}
      />
    </details>
  );
}

export function FilterBar({ filters, onChange }: FilterBarProps) {
  return (
    <div className="filters">
      <SearchField filters={filters} onChange={onChange} />
      <Select
        label="Holder"
        none="Anybody"
        options={HOLDERS}
        name={(each) => HOLDER_NAMES[each]}
        value={filters.holder}
        onChange={(holder) => onChange({ holder })}
      />
      <TextInput
        label="Country"
        value={filters.country}
        maxLength={2}
        placeholder="Any"
        autoComplete="off"
        onChange={(text) => onChange({ country: text.toUpperCase().replace(/[^A-Z]/g, "") })}
      />
      <Select
        label="Order"
        options={SORT_KEYS}
        name={(each) => SORTS[each]}
        value={filters.sort}
        onChange={(sort) => onChange({ sort: sort || "waiting_since" })}
      />
      <StateFilters filters={filters} onChange={onChange} />
    </div>
  );
}
