// The header of a table whose last column has the actions on its rows.
import { t } from '../i18n';

export function Heads(props: { names: string[] }) {
    return (
        <thead>
            <tr>
                {props.names.map((name) => (
                    <th key={name} scope="col">
                        {name}
                    </th>
                ))}
                <th scope="col">
                    <span class="hidden">{t('common.actions')}</span>
                </th>
            </tr>
        </thead>
    );
}
