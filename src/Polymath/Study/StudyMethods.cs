using Polymath.Study.Methods;

namespace Polymath.Study;

/// <summary>The methods that a study knows, the simplest first: where two do equally well the earlier one is recommended.</summary>
public sealed class StudyMethods
{
    private readonly List<IStudyMethod> _methods = [];

    /// <summary>All methods of this library.</summary>
    public static StudyMethods Default() => new StudyMethods().Add(new MajorityMethod()).Add(new TfidfMethod()).Add(new WordFeaturesMethod()).Add(new NearestMeanMethod())
        .Add(new FeaturesMethod()).Add(new ContrastiveMethod()).Add(new FineTuningMethod());

    /// <summary>The methods, the simplest first.</summary>
    public IReadOnlyList<IStudyMethod> All => _methods;

    /// <summary>Registers a method as the least simple so far.</summary>
    /// <exception cref="ArgumentException">There is one of that name.</exception>
    public StudyMethods Add(IStudyMethod method)
    {
        if (_methods.Any(known => known.Name == method.Name)) throw new ArgumentException($"there is a method '{method.Name}' already");
        _methods.Add(method);
        return this;
    }

    /// <summary>Registers zero-shot and few-shot prompts of a language model; its speed is measured at once, for estimates.</summary>
    /// <param name="model">The language model; it must live as long as the study.</param>
    public StudyMethods AddPrompts(Adaptation.PromptModel model)
    {
        var seconds = PromptStudyMethod.Measure(model);
        return Add(new PromptStudyMethod(model, seconds, shown: false)).Add(new PromptStudyMethod(model, seconds, shown: true));
    }

    /// <summary>The methods of these names, in the register's order; none given: all of them.</summary>
    /// <exception cref="PolymathException">There is no method of a name.</exception>
    public IReadOnlyList<IStudyMethod> Choose(IReadOnlyList<string> names)
    {
        foreach (var name in names)
            if (_methods.All(method => method.Name != name))
                throw new PolymathException($"method '{OneLine.Short(name)}' is not known; known are {string.Join(", ", _methods.Select(method => method.Name))}");
        return names.Count == 0 ? All : [.. _methods.Where(method => names.Contains(method.Name))];
    }
}
