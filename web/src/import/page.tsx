// Data Import: four steps from a file to what became of its lines.
import { useEffect, useRef, useState } from 'preact/hooks';
import { t, type PlainKey } from '../i18n';
import { useSession } from '../session';
import { CheckStep } from './check';
import { ColumnsStep } from './columns';
import { FileStep } from './file';
import { RunStep } from './run';
import { corrected, empty, steps, type Change, type Step, type Wizard } from './wizard';

function Stepper(props: { step: Step }) {
    const at = steps.indexOf(props.step);
    return (
        <ol class="stepper" aria-label={t('import.steps')}>
            {steps.map((step, index) => (
                <li key={step} class={index < at ? 'done' : ''} aria-current={index === at ? 'step' : undefined}>
                    <span class="stepper-mark" aria-hidden="true">
                        {index < at ? '✓' : index + 1}
                    </span>
                    {t(`import.step_${step}` as PlainKey)}
                    {index < at && <span class="hidden">{t('import.step_done')}</span>}
                </li>
            ))}
        </ol>
    );
}

export function ImportPage() {
    const session = useSession();
    const [wizard, setWizard] = useState<Wizard>({ ...empty, entity: session.entities[0]?.entity ?? '' });
    const change: Change = (changes) =>
        setWizard((old) => ({ ...old, ...(typeof changes === 'function' ? changes(old) : changes) }));
    const heading = useRef<HTMLHeadingElement>(null);
    const first = useRef(true);
    useEffect(() => {
        if (!first.current) {
            heading.current?.focus();
            window.scrollTo(0, 0);
        }
        first.current = false;
    }, [wizard.step, wizard.again]);
    const restart = (again: boolean) =>
        setWizard(
            again
                ? { ...wizard, ...corrected(wizard), step: 'file', file: null, inspection: null }
                : { ...empty, entity: wizard.entity },
        );
    return (
        <>
            <div class="page-head">
                <h1>{t('nav.import')}</h1>
                <Stepper step={wizard.step} />
            </div>
            {wizard.step !== 'run' && (
                <h2 ref={heading} tabIndex={-1} class="step-title">
                    {t(`import.title_${wizard.step}` as PlainKey)}
                </h2>
            )}
            {wizard.step === 'file' && <FileStep wizard={wizard} change={change} />}
            {wizard.step === 'columns' && <ColumnsStep wizard={wizard} change={change} />}
            {wizard.step === 'check' && <CheckStep wizard={wizard} change={change} />}
            {wizard.step === 'run' && <RunStep wizard={wizard} change={change} restart={restart} />}
        </>
    );
}
