import { type ComponentProps, type ReactNode, useId } from "react";
import { words } from "./format.ts";

interface FieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly children: (ids: { id: string; "aria-describedby"?: string }) => ReactNode;
}

/** A label, its control and what helps to fill it in. */
function Field({ label, hint, children }: FieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(hint ? { id, "aria-describedby": `${id}-hint` } : { id })}
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface InputProps extends Omit<ComponentProps<"input">, "onChange" | "value"> {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

export function TextInput({ label, hint, value, onChange, ...rest }: InputProps) {
  return (
    <Field label={label} hint={hint}>
      {(ids) => (
        <input
          {...rest}
          {...ids}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

interface TextAreaProps extends Omit<ComponentProps<"textarea">, "onChange" | "value"> {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

export function TextArea({ label, hint, value, onChange, ...rest }: TextAreaProps) {
  return (
    <Field label={label} hint={hint}>
      {(ids) => (
        <textarea
          rows={3}
          {...rest}
          {...ids}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

interface SelectProps<Value extends string> {
  readonly label: string;
  readonly hint?: string;
  readonly value: Value | "";
  readonly options: readonly Value[];
  /** What stands for no choice; without it one has to be made. */
  readonly none?: string;
  readonly name?: (value: Value) => string;
  readonly required?: boolean;
  readonly onChange: (value: Value | "") => void;
}

export function Select<Value extends string>(props: SelectProps<Value>) {
  const { label, hint, value, options, none, name = words, required, onChange } = props;
  return (
    <Field label={label} hint={hint}>
      {(ids) => (
        <select
          {...ids}
          required={required}
          value={value}
          onChange={({ currentTarget }) =>
            onChange(options.find((option) => option === currentTarget.value) ?? "")
          }
        >
          {none !== undefined && <option value="">{none}</option>}
          {options.map((option) => (
            <option key={option} value={option}>
              {name(option)}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface ChoicesProps<Value extends string> {
  readonly legend: string;
  readonly options: readonly Value[];
  readonly chosen: readonly Value[];
  readonly name?: (value: Value) => string;
  readonly onChange: (chosen: Value[]) => void;
}

/** Any number of a few values. */
export function Choices<Value extends string>(props: ChoicesProps<Value>) {
  const { legend, options, chosen, name = words, onChange } = props;
  return (
    <fieldset className="choices">
      <legend>{legend}</legend>
      {options.map((option) => (
        <label key={option}>
          <input
            type="checkbox"
            checked={chosen.includes(option)}
            onChange={({ currentTarget }) =>
              onChange(
                options.filter((each) =>
                  each === option ? currentTarget.checked : chosen.includes(each),
                ),
              )
            }
          />
          {name(option)}
        </label>
      ))}
    </fieldset>
  );
}
