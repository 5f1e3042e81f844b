{#- Statistics in plain SQL, double precision. Constants carry an exponent: without it an
    engine reads them as decimals. Give columns, not long expressions: they repeat. -#}

{#- The chance that a standard normal variable lies beyond |z| on one side. Rational
    approximation by J. F. Hart et al. (Computer Approximations, 1968, 5666), in the form
    and with the continued fraction for the far tail that G. West gives (Better
    approximations to cumulative normal functions, 2005). -#}
{% macro normal_tail(z) -%}
    case
        when {{ z }} is null then cast(null as double)
        when abs({{ z }}) > 37e0 then 0e0
        when abs({{ z }}) < 7.07106781186547e0
            then exp(-{{ z }} * {{ z }} / 2e0) * (
                {{ polynomial('abs(' ~ z ~ ')', [
                    '220.206867912376e0', '221.213596169931e0', '112.079291497871e0',
                    '33.912866078383e0', '6.37396220353165e0', '0.700383064443688e0',
                    '3.52624965998911e-2',
                ]) }}
            ) / (
                {{ polynomial('abs(' ~ z ~ ')', [
                    '440.413735824752e0', '793.826512519948e0', '637.333633378831e0',
                    '296.564248779674e0', '86.7807322029461e0', '16.064177579207e0',
                    '1.75566716318264e0', '8.83883476483184e-2',
                ]) }}
            )
        else
            exp(-{{ z }} * {{ z }} / 2e0) / 2.506628274631e0 / (
                abs({{ z }}) + 1e0 / (
                    abs({{ z }}) + 2e0 / (
                        abs({{ z }}) + 3e0 / (
                            abs({{ z }}) + 4e0 / (abs({{ z }}) + 0.65e0)
                        )
                    )
                )
            )
    end
{%- endmacro %}

{#- The chance that a standard normal variable is at most z. -#}
{% macro normal_cdf(z) -%}
    case
        when {{ z }} > 0 then 1e0 - ({{ normal_tail(z) }})
        else {{ normal_tail(z) }}
    end
{%- endmacro %}

{#- The chance of a |z| as large as this or larger, if nothing but chance is at work. -#}
{% macro two_sided_p(z) -%}
    2e0 * ({{ normal_tail(z) }})
{%- endmacro %}

{#- The chance of a chi-square variable with one degree of freedom beyond x: it is the
    square of a standard normal one. -#}
{% macro chi_square_1_tail(x) -%}
    2e0 * ({{ normal_tail('sqrt(' ~ x ~ ')') }})
{%- endmacro %}

{#- The z that a standard normal variable stays below with chance p: algorithm AS 241 of
    M. J. Wichura (Applied Statistics 37, 1988), about 16 digits. NULL outside 0 < p < 1. -#}
{% macro normal_quantile(p) -%}
    {%- set q = '(' ~ p ~ ' - 0.5e0)' -%}
    {%- set centre = '(0.180625e0 - ' ~ q ~ ' * ' ~ q ~ ')' -%}
    {%- set r = 'sqrt(-ln(least(' ~ p ~ ', 1e0 - ' ~ p ~ ')))' -%}
    {%- set near = '(' ~ r ~ ' - 1.6e0)' -%}
    {%- set far = '(' ~ r ~ ' - 5e0)' -%}
    {%- set sign = '(case when ' ~ q ~ ' < 0 then -1e0 else 1e0 end)' -%}
    case
        when {{ p }} is null or {{ p }} <= 0 or {{ p }} >= 1 then cast(null as double)
        when abs({{ q }}) <= 0.425e0
            then {{ q }} * (
                {{ polynomial(centre, [
                    '3.3871328727963666080e0', '1.3314166789178437745e2',
                    '1.9715909503065514427e3', '1.3731693765509461125e4',
                    '4.5921953931549871457e4', '6.7265770927008700853e4',
                    '3.3430575583588128105e4', '2.5090809287301226727e3',
                ]) }}
            ) / (
                {{ polynomial(centre, [
                    '1e0', '4.2313330701600911252e1', '6.8718700749205790830e2',
                    '5.3941960214247511077e3', '2.1213794301586595867e4',
                    '3.9307895800092710610e4', '2.8729085735721942674e4',
                    '5.2264952788528545610e3',
                ]) }}
            )
        when {{ r }} <= 5e0
            then {{ sign }} * (
                {{ polynomial(near, [
                    '1.42343711074968357734e0', '4.63033784615654529590e0',
                    '5.76949722146069140550e0', '3.64784832476320460504e0',
                    '1.27045825245236838258e0', '2.41780725177450611770e-1',
                    '2.27238449892691845833e-2', '7.74545014278341407640e-4',
                ]) }}
            ) / (
                {{ polynomial(near, [
                    '1e0', '2.05319162663775882187e0', '1.67638483018380384940e0',
                    '6.89767334985100004550e-1', '1.48103976427480074590e-1',
                    '1.51986665636164571966e-2', '5.47593808499534494600e-4',
                    '1.05075007164441684324e-9',
                ]) }}
            )
        else
            {{ sign }} * (
                {{ polynomial(far, [
                    '6.65790464350110377720e0', '5.46378491116411436990e0',
                    '1.78482653991729133580e0', '2.96560571828504891230e-1',
                    '2.65321895265761230930e-2', '1.24266094738807843860e-3',
                    '2.71155556874348757815e-5', '2.01033439929228813265e-7',
                ]) }}
            ) / (
                {{ polynomial(far, [
                    '1e0', '5.99832206555887937690e-1', '1.36929880922735805310e-1',
                    '1.48753612908506148525e-2', '7.86869131145613259100e-4',
                    '1.84631831751005468180e-5', '1.42151175831644588870e-7',
                    '2.04426310338993978564e-15',
                ]) }}
            )
    end
{%- endmacro %}

{#- Degrees of freedom of the difference of two means by B. L. Welch (Biometrika 34, 1947):
    variances are those of the means, n the units behind them. -#}
{% macro welch_degrees(variance_1, n_1, variance_2, n_2) -%}
    ({{ variance_1 }} + {{ variance_2 }}) * ({{ variance_1 }} + {{ variance_2 }})
    / nullif(
        {{ variance_1 }} * {{ variance_1 }} / nullif({{ n_1 }} - 1e0, 0)
        + {{ variance_2 }} * {{ variance_2 }} / nullif({{ n_2 }} - 1e0, 0), 0
    )
{%- endmacro %}

{#- The z that a standard normal variable passes as seldom as Student's t with so many
    degrees of freedom passes t: algorithm 395 of G. W. Hill (Communications of the ACM
    13, 1970). Probabilities are within 4e-7 from five degrees on, 3e-5 with three;
    with fewer there is none. -#}
{% macro student_z(t, degrees) -%}
    {%- set a = '(' ~ degrees ~ ' - 0.5e0)' -%}
    {%- set y = a ~ ' * ln(1e0 + ' ~ t ~ ' * ' ~ t ~ ' / ' ~ degrees ~ ')' -%}
    {%- set b = '48e0 * power(' ~ a ~ ', 2)' -%}
    case
        when {{ degrees }} >= 3
            then sign({{ t }}) * sqrt({{ y }}) * (1e0 + (
                3e0 + {{ y }} - (
                    0.4e0 * power({{ y }}, 3) + 3.3e0 * power({{ y }}, 2)
                    + 24e0 * {{ y }} + 85.5e0
                ) / (0.8e0 * power({{ y }}, 2) + 100e0 + {{ b }})
            ) / ({{ b }}))
    end
{%- endmacro %}

{#- The t that Student's t stays below as often as a standard normal variable stays below
    z: algorithm 396 of G. W. Hill (Communications of the ACM 13, 1970), its part for the
    tails taken by the normal. Within 1e-5 from five degrees of freedom on, 2e-6 from
    seven, 0.01 with three; with fewer there is none. -#}
{% macro student_quantile(z, degrees) -%}
    {%- set x = '-abs(' ~ z ~ ')' -%}
    {%- set a = '(' ~ degrees ~ ' - 0.5e0)' -%}
    {%- set b = '48e0 * power(' ~ a ~ ', 2)' -%}
    {%- set c -%}
        96.36e0 - 16e0 / {{ a }} - 98e0 / power({{ a }}, 2) + 431.25e0 / power({{ a }}, 4)
    {%- endset -%}
    {%- set d -%}
        ((94.5e0 / ({{ b }} + {{ c }}) - 3e0) / ({{ b }}) + 1e0)
        * sqrt(1.5707963267948966e0 / {{ a }}) * {{ degrees }}
    {%- endset -%}
    {%- set few -%}
        0.3e0 * least({{ degrees }} - 4.5e0, 0e0) * ({{ x }} + 0.6e0)
    {%- endset -%}
    {%- set tail -%}
        0.05e0 * {{ d }} * power({{ x }}, 4) - 5e0 * power({{ x }}, 3)
        - 7e0 * power({{ x }}, 2) - 2e0 * ({{ x }}) + {{ b }} + {{ c }} + {{ few }}
    {%- endset -%}
    {%- set w -%}
        (((
            0.4e0 * power({{ x }}, 6) + 6.3e0 * power({{ x }}, 4)
            + 36e0 * power({{ x }}, 2) + 94.5e0
        ) / ({{ tail }}) - power({{ x }}, 2) - 3e0) / ({{ b }}) + 1e0) * ({{ x }})
    {%- endset -%}
    case
        when {{ degrees }} >= 3
            then sign({{ z }})
                * sqrt({{ degrees }} * (exp(power({{ w }}, 2) / {{ a }}) - 1e0))
    end
{%- endmacro %}

{#- A polynomial by Horner's rule, coefficients from the constant up. -#}
{% macro polynomial(x, coefficients) -%}
    {%- set sum = namespace(text=coefficients[-1]) -%}
    {%- for coefficient in coefficients[:-1] | reverse -%}
        {%- set sum.text = '(' ~ sum.text ~ ' * ' ~ x ~ ' + ' ~ coefficient ~ ')' -%}
    {%- endfor -%}
    {{ sum.text }}
{%- endmacro %}
