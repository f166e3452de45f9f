import { Dialog } from "../ui/dialog.tsx";
import { useShortcuts } from "./shortcuts.tsx";

/** What the keys do here and now. */
export function ShortcutList({ onClose }: { readonly onClose: () => void }) {
  const { list, areOn, turn } = useShortcuts();
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl className="shortcuts">
        {list.map(({ keys, label }) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{label}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>Enter</kbd>
          </dt>
          <dd>Open what has the focus</dd>
        </div>
      </dl>
      <label className="switch">
        <input
          type="checkbox"
          checked={areOn}
          onChange={({ currentTarget }) => turn(currentTarget.checked)}
        />
        Use these shortcuts
      </label>
    </Dialog>
  );
}
