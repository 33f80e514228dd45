using System.Reflection;
using Polymath.Extensions.AI;
using PublicApiGenerator;

namespace Polymath.Tests;

/// <summary>Nothing becomes public, changes or goes away unnoticed: each library's public surface is kept in a file beside its project.</summary>
public sealed class PublicApiTests
{
    private const string Accept = "POLYMATH_ACCEPT_PUBLIC_API";

    public static TheoryData<string> Libraries => ["Polymath", "Polymath.Extensions.AI"];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Public_surface_is_the_recorded_one(string library)
    {
        var assembly = library == "Polymath" ? typeof(Backbone).Assembly : typeof(BackboneEmbeddingGenerator).Assembly;
        var file = Path.Combine(Repository(), "src", library, "PublicApi.txt");
        var actual = Describe(assembly);
        if (Environment.GetEnvironmentVariable(Accept) == "1") File.WriteAllText(file, actual);
        var recorded = File.Exists(file) ? File.ReadAllText(file).ReplaceLineEndings("\n") : "";
        if (recorded == actual) return;
        string[] before = recorded.Split('\n'), after = actual.Split('\n');
        var changes = after.Except(before).Select(line => $"+ {line}").Concat(before.Except(after).Select(line => $"- {line}")).Take(40);
        Assert.Fail($"the public surface of {library} is not the one in src/{library}/PublicApi.txt. To accept it: "
            + $"{Accept}=1 dotnet test -c Release --filter-class Polymath.Tests.PublicApiTests, then read and commit the change.\n{string.Join('\n', changes)}");
    }

    private static string Describe(Assembly assembly)
    {
        var options = new ApiGeneratorOptions { IncludeAssemblyAttributes = false };
        return assembly.GeneratePublicApi(options).ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
    }

    /// <summary>The folder of the solution, above the one that the tests run in.</summary>
    internal static string Repository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Polymath.slnx"))) return folder.FullName;
        throw new DirectoryNotFoundException($"no Polymath.slnx above {AppContext.BaseDirectory}");
    }
}
